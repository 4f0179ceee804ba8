/** How far a network's answers in eight bits are from its answers in float32, on positions that it was not calibrated on. */

import { parseArgs } from 'node:util';
import { mean, quantile } from '../../../bench/shared/statistics.js';
import { usualNetwork } from '../../../bench/shared/usual-network.js';
import { readConfig } from '../../../src/core/config.js';
import { Rng } from '../../../src/core/rng.js';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { openEngine } from '../../../src/engine/open-engine.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { divergence } from '../../../src/evaluator/quantization/compare.js';
import { policyPositions } from '../../../src/evaluator/quantization/policy-play.js';
import { quantize } from '../../../src/evaluator/quantization/quantize.js';
import { ServingSession } from '../../../src/evaluator/serving-session.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { modelFile } from '../network.js';

/** A network of many sizes is calibrated on 9×9, 13×13 and 19×19. */
const sizes = [9, 13, 19, 11, 16] as const;
/** The calibration plays by seed 1. */
const OTHER_SEED = 2;
const BATCH = 32;
/** One position in so many is taken, so that whole games are covered and not their first moves alone. */
const STRIDE = 4;

/**
 * Keys: `calibration`, what calibrating measured, and for each board size of `answers` the mean and the 99th percentile of the
 * difference over `--positions` positions: `winRate` in percentage points, `lead` in points, `policy` as Kullback-Leibler
 * divergence in nats, `move` as the largest difference of a move's probability; and `samePreference`, the share of positions
 * in which both like the same move best.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { net: { type: 'string', default: usualNetwork }, positions: { type: 'string', default: '1000' } },
  });
  const count = Number(values.positions);
  const file = modelFile(values.net).bytes;
  const start = { file, positions: [], engine: cpuEngine, seed: 1 };
  const { ranges, report } = await quantize(start, new AbortController().signal);
  const source = {
    resolve: () => Promise.resolve('net@1'),
    read: () => Promise.resolve(file),
    ranges: () => Promise.resolve(ranges),
  };
  const evaluator = new Evaluator(source, readConfig(evaluatorSchema, { threads: 1, cacheMegabytes: 0 }));
  try {
    const answers: Record<string, unknown>[] = [];
    for (const size of sizes) {
      const positions = await played(file, size, count);
      const [exact, quantized] = [await ask(evaluator, positions, 'fp32'), await ask(evaluator, positions, 'auto')];
      answers.push({ size, ...differences(exact, quantized) });
    }
    return { calibration: report, positions: count, answers };
  } finally {
    await evaluator.close();
  }
}

/** Positions of games in which the network draws its moves by its policy. */
async function played(file: Uint8Array, size: number, count: number): Promise<readonly Snapshot[]> {
  const engine = await openEngine(cpuEngine);
  const session = await ServingSession.load(file, engine);
  try {
    const all = await policyPositions(
      session,
      { size, count: STRIDE * count, inRun: BATCH },
      new Rng(OTHER_SEED),
      () => undefined,
    );
    return all.filter((_, i) => i % STRIDE === 0);
  } finally {
    await session.release();
    await engine.close();
  }
}

async function ask(
  evaluator: Evaluator,
  positions: readonly Snapshot[],
  precision: 'fp32' | 'auto',
): Promise<readonly GoEvaluation[]> {
  const evaluations: GoEvaluation[] = [];
  for (let from = 0; from < positions.length; from += BATCH) {
    const part = { model: 'net', positions: positions.slice(from, from + BATCH), precision };
    evaluations.push(...(await evaluator.evaluate(part)).evaluations);
  }
  return evaluations;
}

function differences(exact: readonly GoEvaluation[], quantized: readonly GoEvaluation[]): Record<string, unknown> {
  const over = (difference: (a: GoEvaluation, b: GoEvaluation) => number): Record<string, number> => {
    const all = exact.map((a, i) => difference(a, quantized[i]!));
    return { mean: rounded(mean(all)), p99: rounded(quantile(all, 0.99)) };
  };
  const isSame = exact.map((a, i) => Number(favourite(a) === favourite(quantized[i]!)));
  return {
    winRate: over((a, b) => 50 * Math.abs(a.value - b.value)),
    lead: over((a, b) => Math.abs(leadOf(a) - leadOf(b))),
    policy: over((a, b) => divergence(Float32Array.from(a.logits), Float32Array.from(b.logits))),
    move: over(largestDifference),
    samePreference: rounded(mean(isSame)),
  };
}

function leadOf({ lead, score }: GoEvaluation): number {
  return lead ?? score;
}

function favourite({ logits }: GoEvaluation): number {
  return Array.from(logits).reduce((best, logit, i) => (logit > logits[best]! ? i : best), 0);
}

function largestDifference(a: GoEvaluation, b: GoEvaluation): number {
  const [own, other] = [shares(a), shares(b)];
  return own.reduce((largest, share, i) => Math.max(largest, Math.abs(share - other[i]!)), 0);
}

function shares({ logits }: GoEvaluation): number[] {
  const largest = Math.max(...Array.from(logits));
  const weights = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
