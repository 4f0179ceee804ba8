import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import type { SaidAnswer } from '../support/analysis-session.js';
import { bundleBridge, bundlePath } from '../support/bridge-process.js';
import { HeuristicServer } from '../support/heuristic-server.js';
import { KatrainEngine, type KatrainPosition } from '../support/katrain-engine.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess } from '../support/start-server.js';

const server = new HeuristicServer(9);
const game: KatrainPosition['moves'] = [
  ['B', 'E5'],
  ['W', 'C3'],
  ['B', 'G7'],
  ['W', 'G3'],
  ['B', 'pass'],
];
let engine: KatrainEngine;

function start(address: string, ...flags: string[]): KatrainEngine {
  engine = new KatrainEngine(process.execPath, [bundlePath, 'analysis', address, ...flags]);
  return engine;
}

/** What KaTrain reads of an answer, without which it fails. */
function checkAnswer(answer: SaidAnswer, size: number): void {
  expect(answer.error).toBeUndefined();
  expect(answer.rootInfo).toMatchObject({
    winrate: expect.any(Number) as number,
    scoreLead: expect.any(Number) as number,
  });
  expect(answer.policy).toHaveLength(size * size + 1);
  expect(answer.ownership).toHaveLength(size * size);
  for (const move of answer.moveInfos ?? []) {
    expect(move).toMatchObject({
      visits: expect.any(Number) as number,
      order: expect.any(Number) as number,
      scoreLead: expect.any(Number) as number,
      winrate: expect.any(Number) as number,
      prior: expect.any(Number) as number,
    });
    expect(Number(move['winrate'])).toBeGreaterThanOrEqual(0);
    expect(Number(move['winrate'])).toBeLessThanOrEqual(1);
    expect(move['ownership']).toHaveLength(size * size);
    expect((move['pv'] as string[])[0]).toBe(move['move']);
  }
}

beforeAll(async () => {
  bundleBridge();
  await server.start();
});
afterAll(() => server.stop());
afterEach(() => engine.shutdown());

describe('KaTrain over the bundled analysis engine', () => {
  it('analyses a game that was loaded, every turn at once, with interactive priority', async () => {
    start(server.address);
    const turns = game.map((_, turn) => ({ size: 9, moves: game.slice(0, turn + 1) }));
    const answers = await Promise.all(turns.map((position) => engine.final(position, { priority: -turns.length })));
    answers.forEach((answer, i) => {
      checkAnswer(answer, 9);
      expect(answer.turnNumber).toBe(i + 1);
      expect(answer.rootInfo!['visits']).toBe(25);
    });
    expect(server.interactive).toBe(server.evaluated);
    // KaTrain asks for a wider search by default, and logs what an engine does not know.
    expect(engine.said.find(({ warning }) => warning !== undefined)).toBeUndefined();
  });

  it('ponders until the position changes, and gives everything up for a new game', async () => {
    start(server.address);
    let partial = 0;
    const first = new Promise<SaidAnswer>((resolve) => {
      engine.request({ size: 9, moves: game.slice(0, 2) }, { ponder: true }, (answer) => {
        if (answer.isDuringSearch !== true) resolve(answer);
        else if (++partial === 2)
          engine.request({ size: 9, moves: game.slice(0, 3) }, { ponder: true }, () => undefined);
      });
    });
    checkAnswer(await first, 9);
    expect(engine.isIdle).toBe(false);
    engine.newGame();
    expect(engine.isIdle).toBe(true);
    checkAnswer(await engine.final({ size: 9, moves: [] }), 9);
  });

  it('looks only where it is told to, and handles handicap and sweeps of bad moves', async () => {
    start(server.address);
    const inside = await engine.final({ size: 9, moves: game.slice(0, 2) }, { region: [0, 3, 0, 3] });
    for (const { move } of inside.moveInfos!) expect(move).toMatch(/^([A-D][1-4]|pass)$/);
    const handicap = {
      size: 9,
      moves: [],
      initialStones: [
        ['B', 'C3'],
        ['B', 'G7'],
      ] as const,
    };
    checkAnswer(await engine.final(handicap), 9);
    const illegal = await engine.final({ size: 9, moves: [...game, ['W', 'E5']] });
    expect(illegal).toMatchObject({ error: 'Illegal move 5: E5', field: 'moves' });
    expect((await engine.final({ size: 19, moves: [] })).field).toBe('boardXSize');
  });

  it('ends with its input, after all answers', async () => {
    start(server.address);
    const answers = Array.from({ length: 10 }, () => engine.final({ size: 9, moves: game }));
    expect(await engine.shutdown()).toBe(0);
    expect(await Promise.all(answers)).toHaveLength(10);
  });
});

describe('KaTrain and the real server', () => {
  it('is answered with its network, before and after the server was killed', async () => {
    const dataDir = makeDataDir();
    let process = await startServerProcess(dataDir, ['--log-level', 'warn', '--import-dir', dataDir]);
    try {
      const file = join(dataDir, 'tiny.safetensors');
      writeFileSync(file, tinyModel(5, 1));
      await process.connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path: file });
      start(process.address);
      checkAnswer(await engine.final({ size: 5, moves: [['B', 'C3']] }), 5);
      const port = process.address.split(':')[1] ?? '';
      await process.kill();
      const waiting = Promise.all([1, 2, 3].map(() => engine.final({ size: 5, moves: [['B', 'B2']] })));
      process = await startServerProcess(dataDir, ['--log-level', 'warn', '--no-page', '--port', port]);
      for (const answer of await waiting) checkAnswer(answer, 5);
    } finally {
      await process.stop();
      removeDataDir(dataDir);
    }
  });
});
