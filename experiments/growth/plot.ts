/** What the arms of a comparison save, as an SVG: a line of its 95 % interval for each, and a small mark for every seed. */

import { COLORS, line, picture, type Scale, text } from '../shared/svg.js';
import type { ArmReport } from './report.js';

const WIDTH = 760;
const ROW = 30;
const MARGIN = { left: 150, right: 40, top: 60, bottom: 52 };

/** Draws the arms from top to bottom. Savings below `least` are cut off. */
export function plotSavings(title: string, reports: readonly ArmReport[], least = -1): string {
  const height = MARGIN.top + ROW * reports.length + MARGIN.bottom;
  const lowest = Math.min(0, ...reports.flatMap(({ ci95, smallChargedCi95 }) => [ci95[0], smallChargedCi95[0]]));
  const low = Math.max(least, Math.floor(lowest * 5) / 5);
  const x: Scale = (saving) =>
    MARGIN.left + ((Math.max(low, Math.min(1, saving)) - low) / (1 - low)) * (WIDTH - MARGIN.left - MARGIN.right);
  const bottom = height - MARGIN.bottom;
  const [free, charged] = [COLORS[1]!, COLORS[2]!];
  const rows = reports.flatMap((report, i) => {
    const y = MARGIN.top + ROW * (i + 0.5);
    const name = `${report.arm} (${report.seeds})`;
    return [
      text(MARGIN.left - 8, y + 4, name, 'end'),
      ...interval(x, y - 5, report.saving, report.ci95, free),
      ...Object.values(report.each).map((saving) =>
        line(
          [
            [x(saving), y - 8],
            [x(saving), y - 2],
          ],
          free,
        ),
      ),
      ...interval(x, y + 6, report.savingSmallCharged, report.smallChargedCi95, charged),
    ];
  });
  return picture(WIDTH, height, 24, title, [
    text(MARGIN.left, 44, 'the small network free', 'start', 12, free),
    text(MARGIN.left + 170, 44, 'and charged', 'start', 12, charged),
    ...grid(low, x, bottom),
    ...rows,
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, height - 12, 'saving against training from scratch', 'middle'),
  ]);
}

function interval(x: Scale, y: number, at: number, [low, high]: readonly [number, number], color: string): string[] {
  return [
    line(
      [
        [x(low), y],
        [x(high), y],
      ],
      color,
      undefined,
      2,
    ),
    `<circle cx="${x(at).toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${color}"/>`,
  ];
}

function grid(low: number, x: Scale, bottom: number): string[] {
  const parts: string[] = [];
  for (let step = Math.round(low * 5); step <= 5; step++) {
    const at = x(step / 5);
    parts.push(
      line(
        [
          [at, MARGIN.top],
          [at, bottom],
        ],
        step === 0 ? '#999999' : '#e5e5e5',
      ),
    );
    parts.push(text(at, bottom + 18, `${20 * step} %`, 'middle'));
  }
  return parts;
}
