/**
 * Level `model`: the paper's six settings under a model of H100s whose launch and step overheads are fitted to the published
 * speed-ups. It says whether the published numbers are consistent with the method, not that they are true.
 */

import { Rng } from '../../src/core/rng.js';
import { planStep } from '../../src/methods/scheduling/plan-step.js';
import type { SchedulingPolicy, SchedulingOptions } from '../../src/methods/scheduling/plan.js';
import { longestSequence } from '../../src/methods/scheduling/validate.js';
import { mean } from '../../bench/shared/statistics.js';
import { gpuCluster, paperSettings, type Overheads, type PaperSetting } from './gpus.js';
import { sampleLength } from './lengths.js';

const launches = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5];
const steps = [
  20, 50, 100, 200, 300, 400, 500, 600, 700, 850, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7000, 8000,
];

/** What is compared with micro-batches of m sequences, all sharded. */
const arms: readonly { readonly name: string; readonly policy: SchedulingPolicy; readonly ofBaseline?: true }[] = [
  { name: 'dacp alone', policy: 'dacp', ofBaseline: true },
  { name: 'packing', policy: 'token-packing' },
  { name: 'packing + dacp', policy: 'dacp' },
  { name: 'round robin', policy: 'round-robin' },
  { name: 'gds alone', policy: 'gds' },
  { name: 'skrull', policy: 'skrull' },
  { name: 'refined', policy: 'skrull-refined' },
];

/** A setting with the batches that all arms see. */
interface Case {
  readonly setting: PaperSetting;
  readonly batches: readonly (readonly number[])[];
}

function drawCases(count: number, seed: number): readonly Case[] {
  return paperSettings.map((setting, at) => {
    const rng = new Rng(seed).fork(at);
    const longest = longestSequence(gpuCluster(setting));
    const batch = (): number[] =>
      Array.from({ length: setting.batch }, () => sampleLength(setting.lengths, rng, { longest }));
    return { setting, batches: Array.from({ length: count }, batch) };
  });
}

/** Time of all batches of a case, ms. */
function total(of: Case, policy: SchedulingPolicy, overheads: Overheads, options: SchedulingOptions = {}): number {
  const cluster = gpuCluster(of.setting, overheads);
  return of.batches.reduce((sum, lengths) => sum + planStep(policy, lengths, cluster, options).predictedMs, 0);
}

/** LongAlign's sorted batching takes batches from a sorted data set: here all batches of the case, sorted and cut anew. */
function totalSorted(of: Case, overheads: Overheads, microBatch: number): number {
  const sorted = of.batches.flat().sort((a, b) => a - b);
  const { batch } = of.setting;
  const batches = of.batches.map((_, i) => sorted.slice(i * batch, (i + 1) * batch));
  return total({ ...of, batches }, 'sorted', overheads, { microBatch });
}

function skrullSpeedup(of: Case, overheads: Overheads, microBatch: number): number {
  return total(of, 'shard-all', overheads, { microBatch }) / total(of, 'skrull', overheads);
}

/** The overheads with the least squared logarithmic error over the cases of one model. */
function fit(cases: readonly Case[], microBatch: number): Overheads & { readonly error: number } {
  let best = { launchMs: 0, stepMs: 0, error: Infinity };
  for (const launchMs of launches) {
    // What a step takes beside its micro-steps changes no plan: it is added to all arms alike.
    const times = cases.map((of) => {
      const bare = { launchMs, stepMs: 0 };
      return [total(of, 'shard-all', bare, { microBatch }), total(of, 'skrull', bare), of.batches.length] as const;
    });
    for (const stepMs of steps) {
      const errors = times.map(
        ([baseline, skrull, batches], i) =>
          Math.log((baseline + batches * stepMs) / (skrull + batches * stepMs) / cases[i]!.setting.target) ** 2,
      );
      const error = Math.sqrt(mean(errors));
      if (error < best.error) best = { launchMs, stepMs, error };
    }
  }
  return best;
}

/** A table of speed-ups over the baseline, one row a setting. */
function table(cases: readonly Case[], fitted: ReadonlyMap<string, Overheads>, microBatch: number): Row[] {
  return cases.map((of) => {
    const { model, lengths, target } = of.setting;
    const overheads = fitted.get(model.name) ?? model;
    const baseline = total(of, 'shard-all', overheads, { microBatch });
    const speedups = arms.map(({ name, policy, ofBaseline }): [string, number] => [
      name,
      baseline / total(of, policy, overheads, ofBaseline ? { microBatch } : {}),
    ]);
    return {
      setting: `${model.name} ${lengths}`,
      published: target,
      sorted: baseline / totalSorted(of, overheads, microBatch),
      ...(Object.fromEntries(speedups) as Record<'skrull' | 'refined', number>),
    };
  });
}

interface Row extends Record<string, string | number> {
  readonly setting: string;
  readonly published: number;
  readonly sorted: number;
  readonly skrull: number;
  readonly refined: number;
}

/** Runs the level. Keys: modelAverage, and the averages of each model; `table` has a row for each setting. */
export function runModel({ batches, seed }: { batches: number; seed: number }): Record<string, unknown> {
  const few = drawCases(3, seed);
  const cases = drawCases(batches, seed + 1);
  const found: Record<string, unknown> = {};
  const fitted = new Map<string, Overheads>();
  for (const name of ['0.5B', '7B']) {
    const best = fit(
      few.filter(({ setting }) => setting.model.name === name),
      1,
    );
    fitted.set(name, best);
    found[`fitted ${name}`] = `${best.launchMs} ms a layer, ${best.stepMs} ms a step, error ${best.error.toFixed(3)}`;
  }
  const rows = table(cases, fitted, 1);
  const of = (name: string): number[] =>
    rows.filter(({ setting }) => setting.startsWith(name)).map(({ skrull }) => skrull);
  for (const microBatch of [1, 2, 4, 8])
    found[`modelAverage unfitted, micro-batch ${microBatch}`] = mean(
      few.map((given) => skrullSpeedup(given, given.setting.model, microBatch)),
    );
  return {
    modelAverage: mean(rows.map(({ skrull }) => skrull)),
    modelAverageSmall: mean(of('0.5B')),
    modelAverageLarge: mean(of('7B')),
    modelAverageOverSorted: mean(rows.map(({ skrull, sorted }) => skrull / sorted)),
    modelRefinedOverSkrull: Math.min(...rows.map(({ skrull, refined }) => refined / skrull)),
    ...found,
    table: rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)]))),
  };
}

function rounded(value: string | number): string | number {
  return typeof value === 'number' ? Math.round(100 * value) / 100 : value;
}
