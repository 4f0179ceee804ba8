import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition } from '../../src/proto/tengen/v1/monitor.js';
import { freshServer } from '../support/fresh-server.js';
import { SearchSession } from '../support/search-session.js';
import { tinyModel } from '../support/served-models.js';

const fresh = freshServer();

beforeEach(async () => {
  const { connect } = await fresh.start(['--import-dir', fresh.dataDir]);
  const path = join(fresh.dataDir, 'tiny.safetensors');
  writeFileSync(path, tinyModel(7, 1));
  await connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path });
});

describe('a search on a server process', () => {
  it('chooses the moves of a game to its end', async () => {
    const session = new SearchSession(fresh.server!.connect());
    await session.newGame({ size: 7 });
    const choose = { resignBelow: 0, resignTurns: 0, temperature: 1, seed: 7n, cleanUp: false };
    let state = await session.newGame({ size: 7 });
    while (!state.isOver && state.moves < 200) {
      const { chosen } = await session.search({ visits: 16, choose });
      state = await session.play(chosen!.move);
    }
    expect(state.isOver || state.moves === 200).toBe(true);
    session.cancel();
  });

  it('gives its final report when the server stops', async () => {
    const { connect, stop } = fresh.server!;
    const session = new SearchSession(connect());
    await session.newGame({ size: 7 });
    session.start({ visits: 1_000_000, reportMs: 10 });
    await session.receive();
    const watching = connect().client(MonitorServiceDefinition).watchServer({ intervalMs: 0 });
    for await (const { searches } of watching) {
      expect(searches).toMatchObject({ games: 1, searches: 1, threads: 1 });
      expect(searches!.treeBytes).toBeGreaterThan(0);
      expect(searches!.treeBytesAllowed).toBe(2 ** 31);
      break;
    }
    const reports = session.reports();
    const stopped = stop();
    await expect(reports).resolves.toMatchObject({});
    expect((await reports).at(-1)).toMatchObject({ isFinal: true });
    await expect(session.receive()).rejects.toThrow(/stopping/);
    expect(await stopped).toBe(0);
  });
});
