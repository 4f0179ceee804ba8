/** What the results of a comparison say. */

import { Rng } from '../../src/core/rng.js';
import type { RunLine } from './results.js';
import type { Point } from './training.js';

/** An arm over the seeds that have both it and the run from scratch. */
export interface ArmReport {
  readonly arm: string;
  readonly seeds: number;
  /** How many of them reached the loss; the others count as if they had at their end, so that savings are at most this. */
  readonly reached: number;
  /** 1 − cost / cost from scratch: from the mean over seeds of the logarithm of the ratio, with a bootstrap interval. */
  readonly saving: number;
  readonly ci95: readonly [number, number];
  /** The same with the training of the small network charged. */
  readonly savingSmallCharged: number;
  readonly smallChargedCi95: readonly [number, number];
  /** Means: right after growth, and at half of the cost from scratch. */
  readonly firstLoss: number;
  readonly halfLoss: number;
  /** For each seed, the saving. */
  readonly each: readonly number[];
}

/** The loss that the run from scratch of a seed reaches: the mean of its last three evaluations. */
export function targetLoss(runs: readonly RunLine[], seed: number, learningRate: number): number {
  const scratch = runs.find((run) => run.arm === 'scratch' && run.seed === seed && run.learningRate === learningRate);
  return scratch === undefined ? -Infinity : lastLoss(scratch.curve);
}

/** The mean of the last three evaluations. */
export function lastLoss(curve: readonly Point[]): number {
  const last = curve.slice(-3);
  return last.reduce((sum, [, loss]) => sum + loss, 0) / last.length;
}

/** Steps to the first of two evaluations running that are at or below `loss`; undefined if there is none. */
export function stepsTo(curve: readonly Point[], loss: number): number | undefined {
  const at = curve.findIndex(([, seen], i) => seen <= loss && (curve[i + 1]?.[1] ?? Infinity) <= loss);
  return at === -1 ? undefined : curve[at]![0];
}

/** The report of each arm but the reference. */
export function reportArms(runs: readonly RunLine[], learningRate: number): ArmReport[] {
  const own = runs.filter((run) => run.learningRate === learningRate);
  const names = [...new Set(own.map(({ arm }) => arm))].filter((arm) => arm !== 'scratch');
  return names.map((arm) => reportArm(own, arm, learningRate));
}

function reportArm(runs: readonly RunLine[], arm: string, learningRate: number): ArmReport {
  const pairs = runs
    .filter((run) => run.arm === arm)
    .flatMap((run) => {
      const scratch = runs.find((other) => other.arm === 'scratch' && other.seed === run.seed);
      return scratch === undefined ? [] : [{ run, scratch, loss: targetLoss(runs, run.seed, learningRate) }];
    });
  const ratios = pairs.map(({ run, scratch, loss }) => {
    const steps = stepsTo(run.curve, loss);
    const cost = (steps ?? run.curve.at(-1)![0]) * run.stepCost + run.growthCost;
    const reference = scratchCost(scratch, loss);
    return { reached: steps !== undefined, free: cost / reference, charged: (cost + run.sourceCost) / reference };
  });
  const free = pooled(ratios.map((ratio) => ratio.free));
  const charged = pooled(ratios.map((ratio) => ratio.charged));
  return {
    arm,
    seeds: pairs.length,
    reached: ratios.filter(({ reached }) => reached).length,
    ...{ saving: free.saving, ci95: free.ci95, savingSmallCharged: charged.saving, smallChargedCi95: charged.ci95 },
    firstLoss: mean(pairs.map(({ run }) => run.curve[0]![1])),
    halfLoss: mean(pairs.map(({ run, scratch }) => lossAt(run, scratchCost(scratch, 0) / 2))),
    each: ratios.map((ratio) => 1 - ratio.free),
  };
}

/** What the whole run from scratch cost, or until it first stays at or below its own loss. */
function scratchCost({ curve, stepCost }: RunLine, loss: number): number {
  return (stepsTo(curve, loss) ?? curve.at(-1)![0]) * stepCost;
}

/** The loss when a cost was first reached. */
function lossAt({ curve, stepCost, growthCost }: RunLine, cost: number): number {
  return (curve.find(([step]) => step * stepCost + growthCost >= cost) ?? curve.at(-1)!)[1];
}

const RESAMPLES = 10_000;

/** The saving by the geometric mean of cost ratios, and the percentile interval of resampled seeds. */
function pooled(ratios: readonly number[]): { readonly saving: number; readonly ci95: readonly [number, number] } {
  const logs = ratios.map((ratio) => Math.log(Math.max(ratio, 1e-9)));
  const rng = new Rng(1);
  const drawn = Array.from({ length: RESAMPLES }, () => mean(logs.map(() => logs[rng.int(logs.length)]!)));
  drawn.sort((a, b) => a - b);
  const at = (share: number): number => 1 - Math.exp(drawn[Math.floor(share * (RESAMPLES - 1))]!);
  return { saving: 1 - Math.exp(mean(logs)), ci95: [at(0.975), at(0.025)] };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
