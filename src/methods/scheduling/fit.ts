/**
 * The constants of the cost model and the bucket size from measurements of a rank and its group (Skrull, section on offline
 * profiling: Eq. 12, 14 and 16 are fitted to recorded lengths, latencies and activation memory).
 */

import { check } from '../../core/errors.js';
import { mean, sum } from '../../core/statistics.js';
import { exchangeMs as exchangeTime, microBatchMs, sequenceMs, shardMs, type CostModel } from './cost-model.js';
import { nonNegativeLeastSquares } from './least-squares.js';
import { MOST_COST } from './validate.js';

/** Shortest time of a sample; no clock tells less, and weights by 1 / ms² stay finite. */
const LEAST_MS = 1e-9;

/** One measured micro-step, or one round of exchanges of a micro-step. */
export interface TimeSample {
  /**
   * - `local`: these sequences packed on one rank, forward and backward.
   * - `sharded`: these sequences sharded over the group, with the exchanges.
   * - `exchange`: only the exchanges that these sequences make when sharded.
   */
  readonly kind: 'local' | 'sharded' | 'exchange';
  readonly lengths: readonly number[];
  /** The median of some repeats. */
  readonly ms: number;
}

/** A fitted model, and how well it tells the times that it was fitted to. */
export interface FittedCost {
  readonly cost: CostModel;
  /** Mean of |predicted − measured| / measured. */
  readonly meanError: number;
}

/**
 * Non-negative least squares with weights 1 / ms², so that errors count in proportion. Coefficients that no sample tells
 * apart (exchange and compute without `exchange` samples) share what they explain together.
 *
 * @param contextParallel N of the sharded samples
 * @param stepMs measured apart: what a step takes beside its micro-steps
 * @throws AppError 'invalid-argument' if there is no local sample or a time is not above 0
 */
export function fitCostModel(samples: readonly TimeSample[], contextParallel: number, stepMs = 0): FittedCost {
  samples.forEach(({ ms }, i) =>
    check(
      ms >= LEAST_MS && ms <= MOST_COST,
      () => `samples[${i}] took ${ms} ms; it must be above 0, from ${LEAST_MS} to ${MOST_COST}`,
    ),
  );
  check(
    Number.isInteger(contextParallel) && contextParallel >= 1,
    () => `contextParallel is ${contextParallel}; it must be a whole number of at least 1`,
  );
  check(
    stepMs >= 0 && stepMs <= MOST_COST,
    () => `stepMs is ${stepMs}; it must be at least 0 and at most ${MOST_COST}`,
  );
  const local = samples.filter(({ kind }) => kind === 'local');
  check(local.length > 0, 'There is no local sample; compute cannot be fitted');
  const rows = samples.map((sample) => termsOf(sample, contextParallel));
  const times = samples.map(({ ms }) => ms);
  const weights = times.map((ms) => 1 / ms ** 2);
  const [linearMs = 0, attentionMs = 0, halfMs = 0, computeMs = 0, exchangeMsPerToken = 0, exchangeMs = 0] =
    nonNegativeLeastSquares(rows, times, weights);
  const fitted: CostModel = {
    // Without attention there is nothing that could run at half its speed: its overhead is then the linear layers'.
    linearMs: attentionMs > 0 ? linearMs : linearMs + halfMs,
    attentionMs,
    attentionHalfTokens: attentionMs > 0 ? halfMs / attentionMs : 0,
    computeMs,
    exchangeMsPerToken,
    exchangeMs,
    exchangeFloorMs: 0,
    microBatchMs: 0,
    stepMs,
  };
  const cost = { ...fitted, ...floorsOf(samples, fitted) };
  const errors = samples.map((sample) => Math.abs(predictSample(sample, cost, contextParallel) / sample.ms - 1));
  return { cost, meanError: mean(errors) };
}

/** What the model says a sample takes, ms. */
export function predictSample({ kind, lengths }: TimeSample, cost: CostModel, contextParallel: number): number {
  const tokens = sum(lengths);
  if (kind === 'exchange') return exchangeTime(cost, tokens);
  const localMs = kind === 'local' ? sum(lengths.map((length) => sequenceMs(cost, length))) : 0;
  const shardedMs = kind === 'local' ? 0 : sum(lengths.map((length) => shardMs(cost, length, contextParallel)));
  return microBatchMs(cost, { localMs, shardedMs, shardedTokens: kind === 'local' ? 0 : tokens });
}

/** The least that exchanges took, and the least that computing took. */
function floorsOf(
  samples: readonly TimeSample[],
  cost: CostModel,
): Pick<CostModel, 'exchangeFloorMs' | 'microBatchMs'> {
  let [exchange, compute] = [Infinity, Infinity];
  for (const { kind, lengths, ms } of samples) {
    if (kind === 'exchange') exchange = Math.min(exchange, ms);
    else compute = Math.min(compute, kind === 'local' ? ms : ms - exchangeTime(cost, sum(lengths)));
  }
  return { exchangeFloorMs: exchange < Infinity ? exchange : 0, microBatchMs: Math.max(0, compute) };
}

/** The columns of a sample: linear, attention, attention × half tokens, compute β, exchange α and β. */
function termsOf({ kind, lengths }: TimeSample, contextParallel: number): readonly number[] {
  const tokens = sum(lengths);
  const squares = sum(lengths.map((length) => length ** 2));
  if (kind === 'local') return [tokens, squares, tokens, 1, 0, 0];
  if (kind === 'exchange') return [0, 0, 0, 0, tokens, 1];
  return [tokens / contextParallel, squares / contextParallel, tokens, 1, tokens, 1];
}
