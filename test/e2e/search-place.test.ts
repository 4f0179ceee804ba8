import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { startDelayProxy } from '../../bench/shared/delay-proxy.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { bundleBridge, bundlePath, startBridge } from '../support/bridge-process.js';
import { freshServer } from '../support/fresh-server.js';
import { tinyModel } from '../support/served-models.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fresh = freshServer();

beforeEach(async () => {
  bundleBridge();
  const { connect } = await fresh.start(['--import-dir', fresh.dataDir, '--log-level', 'warn']);
  const path = join(fresh.dataDir, 'tiny.safetensors');
  writeFileSync(path, tinyModel(5, 1));
  await connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path });
});

/** The replies to a game, from a search at one place. */
async function played(place: string): Promise<string[]> {
  const bridge = startBridge(fresh.server!.address, '--search', place, '--batch', '1', '--visits', '40');
  const replies: string[] = [];
  for (const command of ['genmove b', 'genmove w', 'play b A1', 'genmove w', 'undo', 'kata-search b', 'final_score']) {
    replies.push(await bridge.send(command));
  }
  await bridge.close();
  return replies;
}

/** What the analysis engine says to one query, by standard input and output. */
function analysed(place: string, query: object): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const flags = [bundlePath, 'analysis', fresh.server!.address, '--search', place, '--batch', '1'];
    const child = execFile(process.execPath, flags, (error, stdout) => {
      if (error) reject(new Error(error.message, { cause: error }));
      else
        resolve(
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        );
    });
    child.stdin!.end(`${JSON.stringify(query)}\n`);
  });
}

describe('--search', () => {
  it('plays the same moves here and on the server', async () => {
    expect(await played('server')).toEqual(await played('local'));
  });

  it('analyses the same here and on the server', async () => {
    const query = { id: 'a', boardXSize: 5, boardYSize: 5, rules: 'chinese', maxVisits: 50, moves: [['B', 'C3']] };
    const wishes = { analyzeTurns: [0, 1], includeOwnership: true, includePolicy: true, includePVVisits: true };
    const restricted = { avoidMoves: [{ player: 'W', moves: ['B2'], untilDepth: 2 }] };
    const asked = { ...query, ...wishes, ...restricted };
    const byTurn = (answers: Record<string, unknown>[]): Record<string, unknown>[] =>
      answers.sort((a, b) => Number(a['turnNumber']) - Number(b['turnNumber']));
    const there = byTurn(await analysed('server', asked));
    expect(there.map(({ turnNumber }) => turnNumber)).toEqual([0, 1]);
    expect(there).toEqual(byTurn(await analysed('local', asked)));
  });

  it('analyses far away by itself on the server, and goes on after the server was away', async () => {
    const distance = await startDelayProxy(fresh.server!.address, 20);
    const proxy = new TcpProxy(distance.address);
    const bridge = startBridge(await proxy.start());
    let lines = 0;
    const analysis = bridge.send('kata-analyze b 5', {
      onLine: (line) => {
        if (!line.startsWith('info')) return;
        if (++lines === 3) proxy.cut();
        if (lines === 6) bridge.interrupt();
      },
    });
    expect((await analysis).split('\n').length).toBeGreaterThanOrEqual(6);
    expect(bridge.stderr).toMatch(/"search":"server"/);
    await bridge.close();
    proxy.stop();
    distance.close();
  });
});
