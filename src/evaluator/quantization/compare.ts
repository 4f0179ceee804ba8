/** How far the answers of a quantized network are from its own in float32. */

import type { PackedPositions } from '../../go/packed-position.js';
import type { ServingSession } from '../serving-session.js';
import { allocateOutputs } from '../slots.js';
import type { Speedup } from './speedup.js';

/** A comparison over `positions` positions. */
export interface AnswerReport {
  readonly positions: number;
  /** Mean Kullback–Leibler divergence of the policy in eight bits from that in float32, over all moves, in nats. */
  readonly policyDivergence: number;
  /** Share of the positions in which both like the same move best. */
  readonly samePreference: number;
  /** Mean distance of the values in [-1, 1]. */
  readonly valueDistance: number;
}

/** All that is known of a network in eight bits. */
export type QuantizationReport = AnswerReport & Speedup;

/** Most that the policy and the value may change, and the least that must be gained, for eight bits to be used. */
const limits = { policyDivergence: 0.02, valueDistance: 0.02, speedup: 1.1 } as const;

/** Whether serving in eight bits is worth it and does no harm that a search would notice. */
export function isWorthServing({ policyDivergence, valueDistance, speedup }: QuantizationReport): boolean {
  return (
    policyDivergence <= limits.policyDivergence && valueDistance <= limits.valueDistance && speedup >= limits.speedup
  );
}

/** Runs both on the same batches; `goOn` is called before each run. */
export async function compareAnswers(
  exact: ServingSession,
  quantized: ServingSession,
  batches: readonly PackedPositions[],
  goOn: () => Promise<void> | void,
): Promise<AnswerReport> {
  let compared = 0;
  let policyDivergence = 0;
  let samePreference = 0;
  let valueDistance = 0;
  for (const batch of batches) {
    await goOn();
    const positions = { ...batch, ownership: false };
    const [own, other] = [allocateOutputs(batch.count, batch.size), allocateOutputs(batch.count, batch.size)];
    await exact.evaluate(positions, own);
    await goOn();
    await quantized.evaluate(positions, other);
    const actions = batch.size * batch.size + 1;
    const logits = [own.policy, other.policy] as const;
    const values = [own.value, other.value] as const;
    for (let i = 0; i < batch.count; i++) {
      const [a, b] = logits.map((all) => all.subarray(i * actions, (i + 1) * actions)) as [Float32Array, Float32Array];
      policyDivergence += divergence(a, b);
      samePreference += Number(a.indexOf(a.reduce(larger)) === b.indexOf(b.reduce(larger)));
      const [mean, otherMean] = values.map((all) => all[3 * i]! - all[3 * i + 2]!) as [number, number];
      valueDistance += Math.abs(mean - otherMean);
    }
    compared += batch.count;
  }
  return {
    positions: compared,
    policyDivergence: policyDivergence / compared,
    samePreference: samePreference / compared,
    valueDistance: valueDistance / compared,
  };
}

/** Kullback–Leibler divergence of the distribution with logits `b` from that with logits `a`, in nats. */
export function divergence(a: Float32Array, b: Float32Array): number {
  const [normA, normB] = [logSumExp(a), logSumExp(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const logP = a[i]! - normA;
    sum += Math.exp(logP) * (logP - (b[i]! - normB));
  }
  return Math.max(0, sum);
}

function logSumExp(logits: Float32Array): number {
  const largest = logits.reduce(larger);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}
