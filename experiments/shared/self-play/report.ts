/**
 * From results to figures: one Bradley–Terry fit over all checkpoints and anchors, a curve of Elo against searched
 * positions for every arm, and how much sooner an arm reaches the target rating than plain self-play. Intervals are
 * bootstrapped over seeds, since seeds differ more than match results do.
 */

import { fitRatings, type PairResult } from '../../../src/trainer/alphazero/rating.js';
import { deviation, interval95, mean, resampled } from '../../../bench/shared/statistics.js';
import { targetOf } from './anchors.js';
import { playerOf, type CheckpointLine, type Experiment, type MatchLine, type ResultLine } from './experiment.js';

/** Elo of an arm's checkpoints: `elo[seed index][mark index]`. */
export interface ArmCurves {
  readonly arm: string;
  readonly seeds: readonly number[];
  readonly elo: readonly (readonly number[])[];
}

/** An arm against plain self-play; intervals hold 95 %. */
export interface ArmFigures {
  readonly arm: string;
  readonly seeds: number;
  /** N_base / N_arm − 1 at the target rating; null if either never reaches it. */
  readonly sampleEfficiency: number | null;
  readonly ci95: readonly [number | null, number | null];
  /** Share of the bootstrap samples in which both reach the target. */
  readonly reached: number;
  /** Mean Elo difference over the marks from an eighth of the budget on, and its interval. */
  readonly eloDifference: number;
  readonly eloInterval: readonly [number, number];
  /** Elo difference at the end of the budget. */
  readonly finalEloDifference: number;
}

/** Everything that the report prints. */
export interface Report {
  readonly curves: readonly ArmCurves[];
  readonly figures: readonly ArmFigures[];
  readonly targetElo: number;
  /** Between seeds of plain self-play, at the end of the budget. */
  readonly seedDeviation: number;
  readonly anchors: Readonly<Record<string, number>>;
}

const RESAMPLES = 2000;
/** Seed of plain self-play that the anchors come from; it is in no comparison. */
const ANCHOR_SEED = 0;

export function makeReport(experiment: Experiment, lines: readonly ResultLine[]): Report {
  const ratings = rate(lines);
  const curves = curvesOf(experiment, lines, ratings);
  const targetElo = ratings.get(targetOf(experiment)) ?? NaN;
  const base = curves.find(({ arm }) => arm === 'base');
  const figures = base ? curves.map((curve) => compare(experiment, base, curve, targetElo)) : [];
  const last = base?.elo.map((elos) => elos.at(-1)!) ?? [];
  const anchors = [...ratings].filter(([name]) => !name.includes('/') || name.startsWith(`base/${ANCHOR_SEED}/`));
  return { curves, figures, targetElo, seedDeviation: deviation(last), anchors: Object.fromEntries(anchors) };
}

/** Elo by player; the random player has 0. */
function rate(lines: readonly ResultLine[]): Map<string, number> {
  const matches = lines.filter((line): line is MatchLine => line.kind === 'match');
  const names = ['random', ...new Set(matches.flatMap(({ a, b }) => [a, b]).filter((name) => name !== 'random'))];
  const index = new Map(names.map((name, i) => [name, i]));
  const results = matches.map(({ a, b, wins, draws, losses }): PairResult => ({
    a: index.get(a)!,
    b: index.get(b)!,
    wins,
    draws,
    losses,
  }));
  const ratings = fitRatings(names.length, results);
  return new Map(names.map((name, i) => [name, ratings[i]!.elo]));
}

/** Runs whose every checkpoint is rated. */
function curvesOf(
  { marks }: Experiment,
  lines: readonly ResultLine[],
  ratings: ReadonlyMap<string, number>,
): ArmCurves[] {
  const checkpoints = lines.filter((line): line is CheckpointLine => line.kind === 'checkpoint');
  const armNames = [...new Set(checkpoints.map(({ arm }) => arm))];
  return armNames.flatMap((arm) => {
    const runs = [...new Set(checkpoints.filter((line) => line.arm === arm).map(({ seed }) => seed))]
      .filter((seed) => seed !== ANCHOR_SEED)
      .sort((a, b) => a - b)
      .map((seed) => ({ seed, elo: marks.map((mark) => ratings.get(playerOf({ arm, seed, mark })) ?? NaN) }))
      .filter(({ elo }) => elo.every(Number.isFinite));
    return runs.length === 0 ? [] : [{ arm, seeds: runs.map(({ seed }) => seed), elo: runs.map(({ elo }) => elo) }];
  });
}

/** Pairs the seeds that both have, which start from the same weights. */
function compare(experiment: Experiment, base: ArmCurves, arm: ArmCurves, target: number): ArmFigures {
  const { marks, positions } = experiment;
  const pairs = arm.seeds.flatMap((seed, i) => {
    const j = base.seeds.indexOf(seed);
    return j < 0 ? [] : [{ base: base.elo[j]!, arm: arm.elo[i]! }];
  });
  const from = marks.findIndex((mark) => mark >= positions / 8);
  const measure = (sample: readonly (typeof pairs)[number][]): { ratio: number; difference: number } => {
    const [b, a] = [meanCurve(sample.map((pair) => pair.base)), meanCurve(sample.map((pair) => pair.arm))];
    const difference = mean(a.slice(from)) - mean(b.slice(from));
    return { ratio: positionsAt(b, marks, target) / positionsAt(a, marks, target) - 1, difference };
  };
  const { ratio, difference } = measure(pairs);
  const samples = resampled(pairs, RESAMPLES, measure);
  const ratios = samples.map((sample) => sample.ratio).filter(Number.isFinite);
  const interval = interval95(ratios);
  return {
    arm: arm.arm,
    seeds: pairs.length,
    sampleEfficiency: finite(ratio),
    ci95: [finite(interval[0]), finite(interval[1])],
    reached: ratios.length / RESAMPLES,
    eloDifference: difference,
    eloInterval: interval95(samples.map((sample) => sample.difference)),
    finalEloDifference: mean(pairs.map((pair) => pair.arm.at(-1)! - pair.base.at(-1)!)),
  };
}

/** Mean over seeds, made monotone (pool adjacent violators): more training is not taken to make a network weaker. */
export function meanCurve(curves: readonly (readonly number[])[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (let i = 0; i < (curves[0]?.length ?? 0); i++) {
    blocks.push({ sum: mean(curves.map((curve) => curve[i]!)), count: 1 });
    while (blocks.length > 1) {
      const [before, last] = [blocks.at(-2)!, blocks.at(-1)!];
      if (before.sum / before.count <= last.sum / last.count) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  return blocks.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
}

/** Positions at which a rising curve reaches a rating, linear in their logarithm; NaN before the first or after the last. */
export function positionsAt(curve: readonly number[], marks: readonly number[], target: number): number {
  const after = curve.findIndex((elo) => elo >= target);
  if (after <= 0) return NaN;
  const [low, high] = [curve[after - 1]!, curve[after]!];
  const share = (target - low) / (high - low);
  return marks[after - 1]! * (marks[after]! / marks[after - 1]!) ** share;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
