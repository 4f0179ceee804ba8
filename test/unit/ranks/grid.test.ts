import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { afterEach, describe, expect, test } from 'vitest';

import { Rng } from '../../../src/core/rng.js';
import { type SchedulingPolicy, schedulingPolicies, SHARDED } from '../../../src/methods/scheduling/plan.js';
import { planStep } from '../../../src/methods/scheduling/plan-step.js';
import { RankGrid } from '../../../src/ranks/grid.js';
import { checkProfile, estimateProfile, fingerprintOf } from '../../../src/ranks/profile.js';
import { lengthsOf, type StepSequence } from '../../../src/ranks/rows.js';
import { exportState, makeStateMemory, type StateMemory } from '../../../src/ranks/training-state.js';
import { readSftConfig } from '../../../src/trainer/sft/config.js';
import { readLanguageModel } from '../../../src/trainer/sft/language-model.js';

const sizes = { layers: 2, hidden: 16, heads: 2, keyValueHeads: 1, bucketSize: 200, seed: 5 };
const { architecture, layout, weights } = readLanguageModel(undefined, readSftConfig({ dataset: 'd', ...sizes }));

const grids: RankGrid[] = [];
afterEach(async () => {
  await Promise.all(grids.splice(0).map((grid) => grid.close()));
});

interface Opened {
  readonly grid: RankGrid;
  readonly state: StateMemory;
  readonly settings: {
    readonly dataParallel: number;
    readonly contextParallel: number;
    readonly bucketSize: number;
    readonly architecture: typeof architecture;
  };
}

async function open(dataParallel: number, contextParallel: number, state?: StateMemory): Promise<Opened> {
  const memory = state ?? makeStateMemory(layout, 0, weights);
  const settings = { dataParallel, contextParallel, bucketSize: 200, architecture };
  const grid = await RankGrid.open({ ...settings, engine: cpuEngine, state: memory });
  grids.push(grid);
  return { grid, state: memory, settings };
}

/** One long sequence and many short ones. */
function batch(seed: number): StepSequence[] {
  const rng = new Rng(seed);
  return [150, 40, 12, 9, 33, 5, 21, 60].map((length) => ({
    tokens: Int32Array.from({ length: length + 1 }, () => rng.int(256)),
    weights: Float32Array.from({ length: length + 1 }, (_, i) => (i > 0 && rng.float() < 0.7 ? 1 : 0)),
  }));
}

const planOf = (policy: SchedulingPolicy, sequences: readonly StepSequence[], { settings }: Opened) =>
  planStep(policy, lengthsOf(sequences), { ...settings, cost: estimateProfile(settings).cost });

const optimizer = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01 };

/** Trains a few steps; the losses and the state after them. */
async function train(opened: Opened, policy: SchedulingPolicy, steps: number) {
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const sequences = batch(step % 4);
    const work = { step, sequences, plan: planOf(policy, sequences, opened) };
    const { loss } = await opened.grid.train(work, { ...optimizer, update: step + 1 }, 1);
    losses.push(loss);
  }
  return { losses, state: exportState(opened.state, steps) };
}

function relativeError(seen: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let scale = 0;
  expected.forEach((value, i) => {
    difference += (seen[i]! - value) ** 2;
    scale += value ** 2;
  });
  return Math.sqrt(difference / scale);
}

describe('the gradient of every policy is that of one rank', () => {
  const sequences = batch(1);

  test.each([
    [1, 2],
    [2, 1],
    [2, 2],
  ])('on a grid of %i × %i', { timeout: 60_000 }, async (dataParallel, contextParallel) => {
    const alone = await open(1, 1);
    const plan = planOf('token-packing', sequences, alone);
    const reference = await alone.grid.gradient({ step: 0, sequences, plan });
    const grid = await open(dataParallel, contextParallel);
    for (const policy of schedulingPolicies) {
      const { gradient, loss } = await grid.grid.gradient({
        step: 0,
        sequences,
        plan: planOf(policy, sequences, grid),
      });
      expect(relativeError(gradient, reference.gradient), policy).toBeLessThan(1e-5);
      expect(loss, policy).toBeCloseTo(reference.loss, 5);
    }
    const evaluated = await grid.grid.evaluate({ step: 0, sequences, plan: planOf('skrull', sequences, grid) });
    expect(evaluated.loss).toBeCloseTo(reference.loss, 5);
  });
});

describe('training on a grid', () => {
  test('learns, and every schedule alike', { timeout: 60_000 }, async () => {
    const reference = await train(await open(1, 1), 'token-packing', 30);
    expect(reference.losses.at(-1)).toBeLessThan(reference.losses[0]! - 0.5);
    for (const policy of ['shard-all', 'skrull-refined'] as const) {
      const { losses } = await train(await open(1, 2), policy, 30);
      losses.forEach((loss, step) => expect(Math.abs(loss - reference.losses[step]!), policy).toBeLessThan(1e-3));
    }
  });

  test('gives the same bits every time', { timeout: 60_000 }, async () => {
    const first = await train(await open(2, 2), 'skrull', 3);
    const second = await train(await open(2, 2), 'skrull', 3);
    expect(second).toEqual(first);
  });

  test('is as before a step whose rank died, and goes on with another grid', { timeout: 60_000 }, async () => {
    const expected = await train(await open(1, 2), 'skrull', 3);
    const opened = await open(1, 2);
    const sequences = batch(0);
    const work = { step: 0, sequences, plan: planOf('skrull', sequences, opened) };
    const before = exportState(opened.state, 0);
    const failing = opened.grid.train(work, { ...optimizer, update: 1 }, 1);
    opened.grid.loseRank(1);
    await expect(failing).rejects.toMatchObject({ kind: 'unavailable', message: 'Rank 1 is gone' });
    await expect(opened.grid.evaluate(work)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(exportState(opened.state, 0)).toEqual(before);
    const again = await train(await open(1, 2, opened.state), 'skrull', 3);
    expect(again).toEqual(expected);
  });

  test('can be cancelled', { timeout: 60_000 }, async () => {
    const opened = await open(1, 2);
    const sequences = batch(0);
    const placements = sequences.map(() => SHARDED);
    const all = { sequences: sequences.map((_, i) => i), placements, predictedMs: 0 };
    const work = { step: 0, sequences, plan: { microBatches: [Array.from({ length: 200 }, () => all)] } };
    const under = opened.grid.evaluate(work);
    opened.grid.cancel();
    await expect(under).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

test('a profile holds for its grid alone', () => {
  const settings = { dataParallel: 1, contextParallel: 2, bucketSize: 200, architecture };
  const profile = estimateProfile(settings);
  expect(profile.fingerprint).toBe(fingerprintOf(settings));
  expect(() => checkProfile(profile, settings)).not.toThrow();
  expect(() => checkProfile(profile, { ...settings, contextParallel: 4 })).toThrow('Measure it again');
});
