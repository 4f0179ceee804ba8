import { availableParallelism } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { AppError } from '../../../src/core/errors.js';
import { Batcher } from '../../../src/evaluator/batcher.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { MeasuredThreads } from '../../../src/evaluator/measured-threads.js';
import { SessionPool } from '../../../src/evaluator/session-pool.js';
import { makeSlotMemory, Slots } from '../../../src/evaluator/slots.js';
import { fewestThreads, threadCandidates } from '../../../src/evaluator/thread-count.js';
import { MemoryModels, randomPositions, tinyModel } from '../../support/served-models.js';

const running: Evaluator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((evaluator) => evaluator.close()));
});

it('tries one thread, half the cores, all but one, and all', () => {
  expect([1, 2, 3, 8, 64].map(threadCandidates)).toEqual([[1], [1, 2], [1, 2, 3], [1, 4, 7, 8], [1, 32, 63, 64]]);
});

it('takes the fewest threads that are nearly the fastest', () => {
  const speeds = (...rates: number[]): { threads: number; evaluationsPerSecond: number }[] =>
    rates.map((evaluationsPerSecond, i) => ({ threads: i + 1, evaluationsPerSecond }));
  expect(fewestThreads(speeds(1000, 1900))).toBe(2);
  expect(fewestThreads(speeds(1000, 1900, 1950))).toBe(2);
  expect(fewestThreads(speeds(1000, 1900, 1700))).toBe(2);
  expect(fewestThreads(speeds(1000, 1010))).toBe(1);
});

it('threads 0 measures with the first model, once, and serves; its own evaluations are not counted', async () => {
  const models = new MemoryModels().add('go@1', tinyModel(5, 1)).add('go@2', tinyModel(5, 2)).promote('', 'go@1');
  const events: Record<string, unknown>[] = [];
  const evaluator = new Evaluator(models, readConfig(evaluatorSchema, { threads: 0 }), (event, fields) =>
    events.push({ event, ...fields }),
  );
  running.push(evaluator);
  expect(evaluator.metrics().threads).toBe(1);
  const positions = randomPositions(5, 40);
  const [first, second] = await Promise.all([
    evaluator.evaluate({ model: '', positions }),
    evaluator.evaluate({ model: 'go@2', positions }),
  ]);
  expect([first.modelVersion, second.modelVersion]).toEqual(['go@1', 'go@2']);
  const measured = events.filter(({ event }) => event === 'threads-measured');
  expect(measured).toHaveLength(1);
  const { threads, speeds } = measured[0] as { threads: number; speeds: { threads: number }[] };
  expect(speeds.map((speed) => speed.threads)).toEqual(threadCandidates(availableParallelism()));
  expect(evaluator.metrics()).toMatchObject({ threads, evaluations: 80, pending: 0, threadRestarts: 0 });
  // Both models are in every thread that is left.
  for (let i = 0; i < 2 * threads; i++) {
    const planes = new Float32Array(12 * 25);
    await evaluator.infer('go@2', { planes, globals: new Float32Array(7), count: 1, size: 5 });
  }
});

it('a measurement that fails leaves a thread for every core', async () => {
  const memory = makeSlotMemory(6, 8);
  const batcher = new Batcher(new Slots(memory), () => 0);
  // Whatever is submitted from now on fails.
  batcher.close(new AppError('internal', 'The network failed on this request'));
  const settings = {
    engine: { engine: 'onnxruntime', provider: 'cpu' },
    symmetry: { symmetry: 'none', symmetrySeed: 1 },
  } as const;
  const nothing = (): void => undefined;
  const pool = new SessionPool(1, memory, settings, { finished: nothing, failed: nothing, lost: nothing });
  const events: string[] = [];
  const log = (event: string): void => void events.push(event);
  const measured = new MeasuredThreads({ pool, batcher, maxBatch: 8, cores: 2, log });
  await pool.ready();
  const bytes = tinyModel(5, 1);
  const file = new SharedArrayBuffer(bytes.length);
  new Uint8Array(file).set(bytes);
  const shape = await measured.load({ model: 1, ref: 'go@1', file });
  expect({ boards: shape.boards, threads: pool.size, events }).toEqual({
    boards: [5, 5],
    threads: 2,
    events: ['threads-not-measured'],
  });
  await pool.close();
});

it('an evaluator that is closed while it measures closes', async () => {
  const models = new MemoryModels().add('go@1', tinyModel(5, 1)).promote('', 'go@1');
  const evaluator = new Evaluator(models, readConfig(evaluatorSchema, { threads: 0 }));
  const answer = evaluator.evaluate({ model: '', positions: randomPositions(5, 1) });
  answer.catch(() => undefined);
  await evaluator.ready();
  await evaluator.close();
  await expect(answer).rejects.toMatchObject({ kind: 'unavailable' });
});
