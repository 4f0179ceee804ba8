/**
 * How many session threads a machine is worth, found by measuring: the real batcher and threads evaluate positions of a real
 * model with one thread, half as many as there are cores, one core left to the rest, and all cores. Takes about a second.
 */

import { Rng } from '../core/rng.js';
import { Position } from '../go/position.js';
import { defaultRules } from '../go/rules.js';
import type { Snapshot } from '../go/snapshot.js';
import type { Batcher, QueuedPositions } from './batcher.js';
import type { LoadedModel } from './loaded-models.js';
import { packedBytes, packPositions } from '../go/packed-position.js';

/** Times that each number of threads is measured, of which the best counts: other work on the machine only slows them. */
const ROUNDS = 3;
const ROUND_MS = 60;
/** Longest time that one batch may take in a measurement. */
const BATCH_MS = 40;
/** A number of threads is taken if it reaches this share of the best; fewer leave more to training and to other processes. */
const NEARLY = 0.97;

/** What one number of threads gave. */
export interface ThreadSpeed {
  readonly threads: number;
  readonly evaluationsPerSecond: number;
}

/** Numbers of threads worth trying on a machine, ascending. */
export function threadCandidates(cores: number): number[] {
  const candidates = [1, Math.ceil(cores / 2), cores - 1, cores].filter((threads) => threads > 0);
  return [...new Set(candidates)].sort((a, b) => a - b);
}

/** The fewest threads that are nearly as fast as the fastest. */
export function fewestThreads(speeds: readonly ThreadSpeed[]): number {
  const best = Math.max(...speeds.map(({ evaluationsPerSecond }) => evaluationsPerSecond));
  return speeds.find(({ evaluationsPerSecond }) => evaluationsPerSecond >= NEARLY * best)!.threads;
}

/** What is measured with. */
export interface ThreadMeasurement {
  readonly batcher: Batcher;
  readonly model: Pick<LoadedModel, 'model' | 'shape'>;
  /** Most positions in a batch. */
  readonly maxBatch: number;
  /** Changes the number of threads, and resolves once they take work. */
  readonly resize: (threads: number) => Promise<void>;
}

/**
 * Measures the candidates in turn. A network that is too slow to be measured in the time has none: the fastest for it is
 * every core.
 *
 * @throws AppError if the network fails
 */
export async function measureThreads(
  { batcher, model, maxBatch, resize }: ThreadMeasurement,
  cores: number,
): Promise<readonly ThreadSpeed[]> {
  const size = model.shape.boards[1];
  const { packed } = packPositions(playedPositions(size, maxBatch), size);
  const evaluate = (count: number): Promise<void> => {
    const fixed = { model: model.model, size, interactive: false, ownership: false, stride: packedBytes(size) };
    return new Promise((resolve, reject) => {
      let left = count;
      const pending: QueuedPositions = {
        ...fixed,
        packed,
        count,
        deliver(_from, delivered) {
          left -= delivered;
          if (left === 0) resolve();
        },
        fail: reject,
      };
      batcher.submit(pending);
    });
  };
  const speeds: ThreadSpeed[] = [];
  // The same for all of them, or their speeds could not be compared.
  let count: number | undefined;
  for (const threads of threadCandidates(cores)) {
    await resize(threads);
    const batch = (count ??= await batchThatFits(evaluate, maxBatch));
    if (batch === 0) return [];
    const runs = 2 * threads + 1; // a batch at work and one ready for each thread, and one more
    await repeat(() => evaluate(batch), runs, 0); // the first runs of a new thread are slower
    let evaluationsPerSecond = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const times = await repeat(() => evaluate(batch), runs, ROUND_MS);
      evaluationsPerSecond = Math.max(evaluationsPerSecond, Math.round((times.runs * batch * 1000) / times.ms));
    }
    speeds.push({ threads, evaluationsPerSecond });
  }
  return speeds;
}

/** The largest batch that takes no longer than BATCH_MS; 0 if not even one position does. */
async function batchThatFits(evaluate: (count: number) => Promise<void>, maxBatch: number): Promise<number> {
  await evaluate(1);
  let ms = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await evaluate(1);
    ms = Math.min(ms, performance.now() - started);
    if (ms > BATCH_MS) break;
  }
  return Math.min(maxBatch, Math.floor(BATCH_MS / ms));
}

/** Keeps `inFlight` runs going for `ms`, each at least once. */
async function repeat(
  run: () => Promise<void>,
  inFlight: number,
  ms: number,
): Promise<{ readonly runs: number; readonly ms: number }> {
  const started = performance.now();
  let runs = 0;
  const keepRunning = async (): Promise<void> => {
    do {
      await run();
      runs++;
    } while (performance.now() - started < ms);
  };
  await Promise.all(Array.from({ length: inFlight }, keepRunning));
  return { runs, ms: performance.now() - started };
}

/** Positions of random games. */
function playedPositions(size: number, count: number): Snapshot[] {
  const rng = new Rng(1);
  const rules = defaultRules(size);
  const legal = new Uint8Array(size * size + 1);
  const positions: Snapshot[] = [];
  for (let position = new Position(size, rules); positions.length < count;) {
    positions.push(position.snapshot());
    position.legal(legal);
    position.play(rng.weighted(legal));
    if (position.isOver || position.moveCount > size * size) position = new Position(size, rules);
  }
  return positions;
}
