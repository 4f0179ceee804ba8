/** What the results say of branching. */

import type { Experiment } from '../shared/self-play/experiment.js';
import type { ArmFigures } from '../shared/self-play/report.js';
import { summarise } from '../shared/self-play/summary.js';

/**
 * Prints a table of all arms and draws the plot. Keys: sampleEfficiency, ci95, eloDifference, seeds, positions, board of `arm`;
 * `arms` holds the same of all arms.
 */
export function report(experiment: Experiment, arm: string): Record<string, unknown> {
  const { chosen, rest, figures } = summarise(experiment, arm);
  for (const line of tableOf(figures)) process.stderr.write(`${line}\n`);
  return { ...chosen, ...rest };
}

function tableOf(figures: readonly ArmFigures[]): string[] {
  const percent = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(0)} %`);
  const sign = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(0)}`;
  return [
    'arm               seeds  Elo difference (95 %)     at the end  sample efficiency (95 %)',
    ...figures.map(({ arm, seeds, eloDifference, eloInterval, finalEloDifference, sampleEfficiency, ci95 }) =>
      [
        arm.padEnd(18),
        String(seeds).padStart(5),
        `  ${sign(eloDifference)} (${eloInterval.map(sign).join(' to ')})`.padEnd(27),
        sign(finalEloDifference).padStart(10),
        `  ${percent(sampleEfficiency)} (${ci95.map(percent).join(' to ')})`,
      ].join(''),
    ),
  ];
}
