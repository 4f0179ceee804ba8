/** What the results of a comparison say. */

import { check } from '../../src/core/errors.js';
import { interval95, mean, resampled } from '../../bench/shared/statistics.js';
import { arms } from './arms.js';
import { isOf, type RunKey, type RunLine, type Schedule } from './lines.js';
import { lengthsOf, lengthTo, nextLength } from './schedules.js';
import type { Point } from './lines.js';

/** An arm over the seeds that have both it and the run from scratch. */
export interface ArmReport {
  readonly arm: string;
  readonly learningRate: number;
  readonly seeds: number;
  /** How many of them reached the loss; the others count as if they had at their end, so that savings are at most this. */
  readonly reached: number;
  /** 1 − cost / cost from scratch: from the mean over seeds of the logarithm of the ratio, with a bootstrap interval. */
  readonly saving: number;
  readonly ci95: readonly [number, number];
  /** The same with the training of the small network charged. */
  readonly savingSmallCharged: number;
  readonly smallChargedCi95: readonly [number, number];
  /** The mean right after growth. */
  readonly firstLoss: number;
  /** By seed. */
  readonly each: Readonly<Record<number, number>>;
}

/** Runs by which learning rates are chosen. */
const TUNING_SEED = 1;

/** The loss at the end: with a constant rate, where it goes up and down, the mean of the last three evaluations. */
export function lastLoss(curve: readonly Point[], schedule: Schedule): number {
  return mean(curve.slice(schedule === 'decay' ? -1 : -3).map(([, loss]) => loss));
}

/** Steps to the first of two evaluations running that are at or below `loss`; undefined if there is none. */
export function stepsTo(curve: readonly Point[], loss: number): number | undefined {
  const at = curve.findIndex(([, seen], i) => seen <= loss && (curve[i + 1]?.[1] ?? Infinity) <= loss);
  return at === -1 ? undefined : curve[at]![0];
}

/** The learning rate with which an arm ends lowest with the first seed. @throws AppError if it was not tried */
export function bestRate(lines: readonly RunLine[], arm: string, schedule: Schedule): number {
  const tried = lines.filter((line) => line.arm === arm && line.seed === TUNING_SEED && line.schedule === schedule);
  // Rates were compared at the length that the first of them had.
  const ends = tried.filter(({ steps }) => steps === tried[0]!.steps);
  check(ends.length > 0, () => `The results have no run of '${arm}' with seed ${TUNING_SEED} yet`);
  return ends.reduce((best, line) => (endOf(line) < endOf(best) ? line : best)).learningRate;
}

/** The learning rate of an arm. With a constant rate all arms have that of the network from scratch. */
export function rateOf(lines: readonly RunLine[], arm: string, schedule: Schedule): number {
  return bestRate(lines, schedule === 'constant' ? 'scratch' : (arms[arm]?.rateOf ?? arm), schedule);
}

/** Length and loss at the end of the schedules that an arm was trained by with a seed, by length. */
export function pointsOf(lines: readonly RunLine[], key: Omit<RunKey, 'steps'>): Point[] {
  const own = lines.filter((line) => isOf(line, { ...key, steps: line.steps }));
  return own.map((line): Point => [line.steps, endOf(line)]).sort(([a], [b]) => a - b);
}

/** The loss that the run from scratch of a seed ends with. */
export function targetLoss(lines: readonly RunLine[], seed: number, schedule: Schedule): number {
  return endOf(scratchOf(lines, seed, schedule)!);
}

function scratchOf(lines: readonly RunLine[], seed: number, schedule: Schedule): RunLine | undefined {
  const learningRate = bestRate(lines, 'scratch', schedule);
  return lines.find((line) => {
    return (
      line.arm === 'scratch' && line.seed === seed && line.schedule === schedule && line.learningRate === learningRate
    );
  });
}

function endOf({ curve, schedule }: RunLine): number {
  return lastLoss(curve, schedule);
}

/** The report of each arm but the reference and the sources. */
export function reportArms(lines: readonly RunLine[], schedule: Schedule): ArmReport[] {
  const names = Object.keys(arms).filter(
    (arm) => arm !== 'scratch' && lines.some((line) => line.arm === arm && line.schedule === schedule),
  );
  return names.map((arm) => reportArm(lines, arm, schedule)).filter(({ seeds }) => seeds > 0);
}

function reportArm(lines: readonly RunLine[], arm: string, schedule: Schedule): ArmReport {
  const learningRate = rateOf(lines, arm, schedule);
  const own = lines.filter(
    (line) => line.arm === arm && line.schedule === schedule && line.learningRate === learningRate,
  );
  const pairs = [...new Set(own.map(({ seed }) => seed))].flatMap((seed) => {
    const scratch = scratchOf(lines, seed, schedule);
    const runs = own.filter((line) => line.seed === seed);
    return scratch === undefined || !isComplete(runs, scratch) ? [] : [{ seed, scratch, runs, run: runs[0]! }];
  });
  const ratios = pairs.map(({ seed, scratch, runs, run }) => {
    const reference = scratchCost(scratch);
    const steps = reachedAt(runs, endOf(scratch));
    const most = Math.max(...runs.map((line) => line.steps));
    const cost = (steps ?? most) * run.stepCost + run.growthCost;
    return { seed, reached: steps !== undefined, free: cost / reference, charged: (cost + run.sourceCost) / reference };
  });
  const free = pooled(ratios.map((ratio) => ratio.free));
  const charged = pooled(ratios.map((ratio) => ratio.charged));
  return {
    arm,
    learningRate,
    seeds: pairs.length,
    reached: ratios.filter(({ reached }) => reached).length,
    saving: free.saving,
    ci95: free.ci95,
    savingSmallCharged: charged.saving,
    smallChargedCi95: charged.ci95,
    firstLoss: mean(pairs.map(({ run }) => run.curve[0]![1])),
    each: Object.fromEntries(ratios.map(({ seed, free: ratio }) => [seed, 1 - ratio])),
  };
}

/** Whether no schedule of another length is to be tried: a comparison may have been stopped in the midst of a seed. */
function isComplete(runs: readonly RunLine[], scratch: RunLine): boolean {
  const run = runs[0]!;
  const lengths = lengthsOf((scratch.steps * scratch.stepCost) / run.stepCost);
  return run.schedule === 'constant' || nextLength(pointsOf(runs, run), endOf(scratch), lengths, 0) === undefined;
}

/** With a constant rate a run may reach what it ends with before its end. */
function scratchCost({ schedule, curve, steps, stepCost }: RunLine): number {
  const reached = schedule === 'constant' ? stepsTo(curve, lastLoss(curve, schedule)) : undefined;
  return (reached ?? steps) * stepCost;
}

/** Steps that an arm needs with a seed; undefined if it does not reach the loss. */
function reachedAt(runs: readonly RunLine[], loss: number): number | undefined {
  if (runs[0]!.schedule === 'constant') return stepsTo(runs[0]!.curve, loss);
  return lengthTo(pointsOf(runs, runs[0]!), loss);
}

const RESAMPLES = 10_000;

/** The saving by the geometric mean of cost ratios, and the percentile interval of resampled seeds. */
function pooled(ratios: readonly number[]): { readonly saving: number; readonly ci95: readonly [number, number] } {
  const logs = ratios.map((ratio) => Math.log(Math.max(ratio, 1e-9)));
  const [low, high] = interval(logs);
  return { saving: 1 - Math.exp(mean(logs)), ci95: [1 - Math.exp(high), 1 - Math.exp(low)] };
}

/** By how much an arm saves more than another, over the seeds that both have; undefined if there is none. */
export function advantage(
  arm: ArmReport | undefined,
  other: ArmReport | undefined,
): { readonly mean: number; readonly ci95: readonly [number, number]; readonly seeds: number } | undefined {
  if (!arm || !other) return undefined;
  const differences = Object.entries(arm.each).flatMap(([seed, saving]) => {
    const against = other.each[Number(seed)];
    return against === undefined ? [] : [saving - against];
  });
  if (differences.length === 0) return undefined;
  return { mean: mean(differences), ci95: interval(differences), seeds: differences.length };
}

/** The percentile interval of the mean of resampled seeds, 95 %. */
function interval(values: readonly number[]): readonly [number, number] {
  return interval95(resampled(values, RESAMPLES, mean));
}
