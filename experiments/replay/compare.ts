/** Learning curves of arms and seeds put beside those of uniform draws. */

import { interval95, mean, resampled } from '../../bench/shared/statistics.js';

const RESAMPLES = 10_000;
/** Share of the uniform arm's progress that is the target. */
const TARGET = 0.8;

/** Losses on games that were set aside. */
export interface Point {
  readonly step: number;
  readonly policy: number;
  readonly value: number;
}

/** A network's way. */
export interface Curve {
  readonly arm: string;
  readonly seed: number;
  readonly points: readonly Point[];
}

/**
 * For each arm and loss, over the seeds but 0: the difference of the final loss to that of uniform draws and, as a
 * geometric mean, how many times fewer steps it needs to the target, which seed 0 fixes; 95 % by bootstrap over pairs.
 */
export function compareCurves(curves: readonly Curve[]): Record<string, unknown> {
  const uniform = curves.filter(({ arm }) => arm === 'uniform');
  const calibration = uniform.find(({ seed }) => seed === 0)!.points;
  const result: Record<string, unknown> = { seeds: uniform.length - 1 };
  for (const loss of ['policy', 'value'] as const) {
    const [first, last] = [calibration[0]![loss], calibration.at(-1)![loss]];
    const target = first + TARGET * (last - first);
    result[`${loss} target`] = target;
    for (const arm of new Set(curves.map((curve) => curve.arm))) {
      const pairs = curves
        .filter((curve) => curve.arm === arm && curve.seed > 0)
        .map((curve) => [curve, uniform.find(({ seed }) => seed === curve.seed)!] as const);
      const final = pairs.map(([curve, base]) => curve.points.at(-1)![loss] - base.points.at(-1)![loss]);
      const ratios = pairs.map(([curve, base]) => Math.log(stepsTo(base, loss, target) / stepsTo(curve, loss, target)));
      result[`${loss} ${arm} final`] = mean(pairs.map(([curve]) => curve.points.at(-1)![loss]));
      if (arm === 'uniform') continue;
      result[`${loss} ${arm} difference`] = [mean(final), ...interval95(resampled(final, RESAMPLES, mean))];
      result[`${loss} ${arm} fewer steps`] = [mean(ratios), ...interval95(resampled(ratios, RESAMPLES, mean))].map(
        Math.exp,
      );
    }
  }
  return result;
}

/** Where the curve first falls to the target, linear between its points; its end if it never does. */
function stepsTo({ points }: Curve, loss: 'policy' | 'value', target: number): number {
  const at = points.findIndex((point) => point[loss] <= target);
  if (at <= 0) return points.at(at)!.step;
  const [before, after] = [points[at - 1]!, points[at]!];
  return before.step + ((after.step - before.step) * (before[loss] - target)) / (before[loss] - after[loss]);
}
