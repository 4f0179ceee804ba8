/** The baseline: the same network without server and search, one session on each core at once, full batches. */

import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Rng } from '../../src/core/rng.js';
import { onnxRuntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import { packPositions } from '../../src/go/packed-position.js';
import { ServingSession } from '../../src/evaluator/serving-session.js';
import { makeOpeningBook } from '../../src/go/opening-book.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import type { Range } from '../../src/nn/quantization/ranges.js';

/** Positions in a batch. */
const BATCH = 16;

/** What a thread runs. */
export interface BareSetup {
  /** Path of a model file. */
  readonly model: string;
  readonly size: number;
  readonly ranges?: readonly Range[] | undefined;
}

/** What a thread runs, and how. */
interface ThreadSetup extends BareSetup {
  /** Whether convolutions may be matrix products; as ONNX Runtime has them otherwise. */
  readonly winograd: boolean;
}

/**
 * Evaluations a second of `threads` sessions at once, over `ms` milliseconds; in float32 with the better of both kinds of
 * convolution, each of which gets half the time.
 */
export async function bareSpeed(setup: BareSetup, threads: number, ms: number): Promise<number> {
  if (setup.ranges !== undefined) return await speedOf({ ...setup, winograd: true }, threads, ms);
  const products = await speedOf({ ...setup, winograd: true }, threads, ms / 2);
  return Math.max(products, await speedOf({ ...setup, winograd: false }, threads, ms / 2));
}

async function speedOf(setup: ThreadSetup, threads: number, ms: number): Promise<number> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url), { workerData: setup }));
  const answers = (): Promise<number[]> =>
    Promise.all(workers.map((worker) => new Promise<number>((resolve) => worker.once('message', resolve))));
  await answers();
  for (const worker of workers) worker.postMessage(ms);
  const rates = await answers();
  // A thread that is busy with a run cannot be terminated; these have answered.
  await Promise.all(workers.map((worker) => worker.terminate()));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function serve({ model, size, ranges, winograd }: ThreadSetup): Promise<void> {
  const session = await ServingSession.load(readFileSync(model), onnxRuntimeEngine({ winograd }), { ranges });
  const features = session.features(packPositions(positions(size), size));
  await session.infer(features);
  parentPort?.on('message', (ms: number) => {
    void (async () => {
      const start = performance.now();
      let evaluations = 0;
      for (; performance.now() - start < ms; evaluations += BATCH) await session.infer(features);
      parentPort?.postMessage((evaluations / (performance.now() - start)) * 1000);
    })();
  });
  parentPort?.postMessage(0);
}

function positions(size: number): Snapshot[] {
  const rules = defaultRules(size);
  return makeOpeningBook({ size, rules, plies: 8, count: BATCH }, new Rng(1)).map((moves) => {
    const position = new Position(size, rules);
    for (const move of moves) position.play(move);
    return position.snapshot();
  });
}

if (!isMainThread) await serve(workerData as ThreadSetup);
