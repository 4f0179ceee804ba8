/**
 * From runs to figures, as the specification says: how much less an arm costs than uniform drawing until it has the target
 * accuracy, by pairs of runs with the same seed; geometric means with bootstrap intervals over the pairs, and a verdict by a
 * rule that was written down before.
 */

import { interval95, mean, resampled } from '../../bench/shared/statistics.js';
import { calibrationSeeds, type Point, type RunLine } from './experiment.js';

export const costs = ['steps', 'rollouts', 'tokens', 'seconds'] as const;

export type Cost = (typeof costs)[number];

/** A mean with the interval that holds 95 %. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** An arm against another on the same seeds. */
export interface Comparison {
  /** Cost of the other over that of the arm; above 1 the arm needs less. */
  readonly ratio: Readonly<Record<Cost, Interval>>;
  /** Ratios in rollouts, by seed. */
  readonly bySeed: readonly number[];
  /** p of the two-sided sign test on them. */
  readonly signTest: number;
}

export interface ArmFigures {
  readonly arm: string;
  readonly seeds: number;
  /** Runs that reached the target within the budget; the others count as if they had at its end. */
  readonly reached: number;
  readonly toUniform: Comparison;
  /** Rollouts to the other targets, at half and at 95 % of the way that uniform makes. */
  readonly ratioAtHalf: Interval;
  readonly ratioAtMost: Interval;
  readonly finalAccuracy: Interval;
  readonly finalGreedy: number;
  readonly finalDifference: Interval;
  /** Mean accuracy over the run less that of uniform. */
  readonly areaDifference: Interval;
  readonly zeroVarianceShare: number;
  readonly coverage: number;
  readonly scoringShare: number;
}

/** Everything that is printed. */
export interface Report {
  readonly start: number;
  readonly targets: Readonly<Record<'half' | 'main' | 'most', number>>;
  readonly figures: readonly ArmFigures[];
  readonly verdict: string;
}

const RESAMPLES = 10_000;
const shares = { half: 0.5, main: 0.8, most: 0.95 };

/** Computes the report; `undefined` before there are calibration runs and pairs. */
export function makeReport(runs: readonly RunLine[]): Report | undefined {
  const calibration = runs.filter(({ arm, seed }) => arm === 'uniform' && calibrationSeeds.includes(seed));
  if (calibration.length < calibrationSeeds.length) return undefined;
  const start = mean(calibration.map(({ points }) => points[0]!.sampled));
  const end = mean(calibration.map(({ points }) => finalOf(points)));
  const targetAt = (share: number): number => start + share * (end - start);
  const targets = { half: targetAt(shares.half), main: targetAt(shares.main), most: targetAt(shares.most) };
  const counted = runs.filter(({ seed }) => !calibrationSeeds.includes(seed));
  const names = [...new Set(counted.map(({ arm }) => arm))];
  const figures = names.flatMap((arm) => {
    const pairs = pairsOf(counted, 'uniform', arm);
    return pairs.length === 0 ? [] : [figuresOf(arm, pairs, targets)];
  });
  return { start, targets, figures, verdict: verdictOf(counted, targets.main) };
}

/** Runs of two arms with the same seed. */
interface Pair {
  readonly other: RunLine;
  readonly own: RunLine;
}

function pairsOf(runs: readonly RunLine[], other: string, own: string): Pair[] {
  return runs
    .filter(({ arm }) => arm === own)
    .sort((a, b) => a.seed - b.seed)
    .flatMap((run) => {
      const found = runs.find(({ arm, seed }) => arm === other && seed === run.seed);
      return found ? [{ other: found, own: run }] : [];
    });
}

function figuresOf(arm: string, pairs: readonly Pair[], targets: Report['targets']): ArmFigures {
  const own = pairs.map((pair) => pair.own);
  const ratioAt = (target: number): Interval => geometric(ratios(pairs, target, 'rollouts'));
  return {
    arm,
    seeds: pairs.length,
    reached: own.filter(({ points }) => costAt(points, targets.main, 'steps').reached).length,
    toUniform: compare(pairs, targets.main),
    ratioAtHalf: ratioAt(targets.half),
    ratioAtMost: ratioAt(targets.most),
    finalAccuracy: arithmetic(own.map(({ points }) => finalOf(points))),
    finalGreedy: mean(own.map(({ points }) => mean(points.slice(-3).map(({ greedy }) => greedy)))),
    finalDifference: arithmetic(pairs.map((pair) => finalOf(pair.own.points) - finalOf(pair.other.points))),
    areaDifference: arithmetic(pairs.map((pair) => areaOf(pair.own.points) - areaOf(pair.other.points))),
    zeroVarianceShare: mean(own.map(({ points }) => mean(points.slice(1).map((point) => point.zeroVarianceShare)))),
    coverage: mean(own.map(({ points }) => points.at(-1)!.coverage)),
    scoringShare: mean(own.map(({ points, scoringSeconds }) => scoringSeconds / points.at(-1)!.seconds)),
  };
}

function compare(pairs: readonly Pair[], target: number): Comparison {
  const ratio = Object.fromEntries(costs.map((cost) => [cost, geometric(ratios(pairs, target, cost))]));
  const bySeed = ratios(pairs, target, 'rollouts');
  return { ratio: ratio as Record<Cost, Interval>, bySeed, signTest: signTest(bySeed) };
}

function ratios(pairs: readonly Pair[], target: number, cost: Cost): number[] {
  return pairs.map(({ other, own }) => {
    return costAt(other.points, target, cost).cost / costAt(own.points, target, cost).cost;
  });
}

/** The decision rule of the specification, on the arm gain and its two controls. */
function verdictOf(runs: readonly RunLine[], target: number): string {
  const against = (other: string): Interval | undefined => {
    const pairs = pairsOf(runs, other, 'gain');
    return pairs.length === 0 ? undefined : compare(pairs, target).ratio.rollouts;
  };
  const [uniform, length, random] = ['uniform', 'length-first', 'random-order'].map(against);
  if (!uniform || !length || !random) return 'not measured';
  const beats = (interval: Interval, least: number): boolean => interval.mean >= least && interval.low > 1;
  if (!beats(uniform, 1.2)) return 'no effect shown';
  return beats(length, 1.1) && beats(random, 1.1) ? 'reproduces at this scale' : 'curriculum effect, not angle';
}

/** Accuracy smoothed over three points; the ends over two. */
export function smoothed(points: readonly Point[]): number[] {
  return points.map((_, i) => mean(points.slice(Math.max(0, i - 1), i + 2).map(({ sampled }) => sampled)));
}

/** The accuracy at the end: over the last three points. */
export function finalOf(points: readonly Point[]): number {
  return mean(points.slice(-3).map(({ sampled }) => sampled));
}

/** What it cost to reach the target, linear between points; what the whole run cost if it never did. */
export function costAt(points: readonly Point[], target: number, cost: Cost): { cost: number; reached: boolean } {
  const curve = smoothed(points);
  const price = (i: number): number => (cost === 'steps' ? points[i]!.step : points[i]![cost]);
  const after = curve.findIndex((accuracy) => accuracy >= target);
  if (after < 0) return { cost: price(points.length - 1), reached: false };
  if (after === 0) return { cost: Math.max(price(0), price(1) / 2), reached: true };
  const share = (target - curve[after - 1]!) / (curve[after]! - curve[after - 1]!);
  return { cost: price(after - 1) + share * (price(after) - price(after - 1)), reached: true };
}

function areaOf(points: readonly Point[]): number {
  return mean(points.map(({ sampled }) => sampled));
}

function geometric(values: readonly number[]): Interval {
  const { mean: centre, low, high } = arithmetic(values.map(Math.log));
  return { mean: Math.exp(centre), low: Math.exp(low), high: Math.exp(high) };
}

/** Percentile bootstrap with a fixed seed. */
function arithmetic(values: readonly number[]): Interval {
  const [low, high] = interval95(resampled(values, RESAMPLES, mean));
  return { mean: mean(values), low, high };
}

function signTest(values: readonly number[]): number {
  const above = values.filter((value) => value > 1).length;
  const count = values.filter((value) => value !== 1).length;
  let tail = 0;
  for (let k = 0; k <= Math.min(above, count - above); k++) tail += choose(count, k);
  return Math.min(1, (2 * tail) / 2 ** count);
}

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product = (product * (n - i)) / (i + 1);
  return product;
}
