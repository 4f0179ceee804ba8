/**
 * What must hold before a speed means anything: every policy gives the gradient and the loss curve of one rank, and the same
 * bits when it is repeated. On a network small enough to be trained many times.
 */

import { cpuEngine } from '../../src/engine/engine-settings.js';
import { Rng } from '../../src/core/rng.js';
import { type SchedulingPolicy, schedulingPolicies } from '../../src/methods/scheduling/plan.js';
import { planStep } from '../../src/methods/scheduling/plan-step.js';
import { RankGrid } from '../../src/ranks/grid.js';
import { estimateProfile } from '../../src/ranks/profile.js';
import { lengthsOf, type StepSequence } from '../../src/ranks/rows.js';
import { exportWeights, makeStateMemory } from '../../src/ranks/training-state.js';
import { readSftConfig } from '../../src/trainer/sft/config.js';
import { readLanguageModel } from '../../src/trainer/sft/language-model.js';
import { sampleLength } from './lengths.js';

const bucketSize = 256;
const sizes = { layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, bucketSize };
const SEQUENCES = 8;
/** Batches that the training goes through again and again, so that there is something to learn. */
const BATCHES = 8;

/** How far the scheduling policies may be from one rank. */
const limits = { gradient: 1e-5, curve: 1e-3 } as const;

interface Curve {
  readonly losses: readonly number[];
  readonly weights: ReturnType<typeof exportWeights>;
}

/** @param steps of the loss curves */
export async function runGates(steps: number): Promise<Record<string, unknown>> {
  const batches = drawBatches();
  const alone = await train('token-packing', 1, batches, steps);
  let [gradientError, curveDifference] = [0, 0];
  for (const policy of schedulingPolicies) {
    const other = await train(policy, 2, batches, steps);
    gradientError = Math.max(gradientError, relativeError(other.gradient, alone.gradient));
    other.losses.forEach((loss, i) => {
      curveDifference = Math.max(curveDifference, Math.abs(loss - alone.losses[i]!));
    });
  }
  const [first, second] = [
    await train('skrull-refined', 2, batches, Math.min(steps, 20)),
    await train('skrull-refined', 2, batches, Math.min(steps, 20)),
  ];
  const isRepeatable = sameBits(first, second);
  return {
    gateSteps: steps,
    gateFirstLoss: alone.losses[0],
    gateLastLoss: alone.losses.at(-1),
    gateGradientError: gradientError,
    gateCurveDifference: curveDifference,
    gateBitwiseRepeat: isRepeatable,
    gates: gradientError < limits.gradient && curveDifference < limits.curve && isRepeatable ? 'passed' : 'failed',
  };
}

function drawBatches(): StepSequence[][] {
  const rng = new Rng(7);
  const sequence = (): StepSequence => {
    const length = sampleLength('chatqa2', rng, { shrink: 64, longest: 2 * bucketSize });
    const [base, step] = [rng.int(200), 1 + rng.int(3)];
    const tokens = Int32Array.from({ length: length + 1 }, (_, i) => (base + step * i) % 256);
    return { tokens, weights: Float32Array.from(tokens, () => (rng.float() < 0.8 ? 1 : 0)) };
  };
  return Array.from({ length: BATCHES }, () => Array.from({ length: SEQUENCES }, sequence));
}

/** Trains on one or two ranks; gives the first gradient as well. */
async function train(
  policy: SchedulingPolicy,
  contextParallel: number,
  batches: readonly StepSequence[][],
  steps: number,
): Promise<Curve & { gradient: Float32Array }> {
  const { architecture, layout, weights } = readLanguageModel(undefined, readSftConfig({ dataset: 'none', ...sizes }));
  const state = makeStateMemory(layout, 0, weights);
  // One rank holds what two hold together.
  const settings = { dataParallel: 1, contextParallel, bucketSize: (2 * bucketSize) / contextParallel, architecture };
  const { cost } = estimateProfile(settings);
  const planOf = (sequences: readonly StepSequence[]) => planStep(policy, lengthsOf(sequences), { ...settings, cost });
  const grid = await RankGrid.open({ ...settings, engine: cpuEngine, state });
  try {
    const [batch] = batches;
    const { gradient } = await grid.gradient({ step: 0, sequences: batch!, plan: planOf(batch!) });
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const sequences = batches[step % batches.length]!;
      const optimizer = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, update: step + 1 };
      const learningRate = 0.002 * Math.min(1, (step + 1) / 20);
      const work = { step, sequences, plan: planOf(sequences) };
      losses.push((await grid.train(work, { ...optimizer, learningRate }, 1)).loss);
    }
    return { losses, gradient, weights: exportWeights(state, steps) };
  } finally {
    await grid.close();
  }
}

function relativeError(seen: Float32Array, expected: Float32Array): number {
  let [difference, scale] = [0, 0];
  expected.forEach((value, i) => {
    difference += (seen[i]! - value) ** 2;
    scale += value ** 2;
  });
  return Math.sqrt(difference / scale);
}

function sameBits(a: Curve, b: Curve): boolean {
  const sameLosses = a.losses.every((loss, i) => loss === b.losses[i]);
  return (
    sameLosses &&
    [...a.weights].every(([name, { data }]) => data.every((value, i) => value === b.weights.get(name)?.data[i]))
  );
}
