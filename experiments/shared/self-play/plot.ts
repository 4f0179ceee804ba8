/** The curves of a report as an SVG: Elo against searched positions, means over seeds with a band of one standard error. */

import { standardError } from '../../../bench/shared/statistics.js';
import type { Experiment } from './experiment.js';
import { area, COLORS as COMMON, line, picture, type Point, type Scale, text } from '../svg.js';
import { meanCurve, type ArmCurves, type Report } from './report.js';

const WIDTH = 760;
const HEIGHT = 460;
const MARGIN = { left: 64, right: 150, top: 44, bottom: 52 };
/** With so many arms, one more. */
const COLORS = [...COMMON, '#8f6b00'];

/** Draws the arms named, in this order. */
export function plotReport(experiment: Experiment, report: Report, arms: readonly string[]): string {
  const curves = arms.flatMap((arm) => report.curves.filter((curve) => curve.arm === arm));
  const { marks, size, markName = 'searched positions' } = experiment;
  const means = curves.map(({ elo }) => meanCurve(elo));
  const all = [...means.flat(), report.targetElo].filter(Number.isFinite);
  const [low, high] = [Math.floor(Math.min(...all) / 100) * 100, Math.ceil(Math.max(...all) / 100) * 100];
  const [first, last] = [Math.log(marks[0]!), Math.log(marks.at(-1)!)];
  const x = (mark: number): number =>
    MARGIN.left + ((Math.log(mark) - first) / (last - first)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (elo: number): number =>
    HEIGHT - MARGIN.bottom - ((elo - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const title = `Elo by ${markName}, ${size}×${size}: mean over seeds, ± one standard error`;
  return picture(WIDTH, HEIGHT, MARGIN.left, title, [
    ...grid(marks, low, high, x, y),
    line(
      [
        [x(marks[0]!), y(report.targetElo)],
        [x(marks.at(-1)!), y(report.targetElo)],
      ],
      '#999999',
      '4 4',
    ),
    ...curves.flatMap((curve, i) => drawCurve(curve, means[i]!, marks, COLORS[i % COLORS.length]!, x, y)),
    ...labels(curves, means, y),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, markName, 'middle'),
  ]);
}

function grid(marks: readonly number[], low: number, high: number, x: Scale, y: Scale): string[] {
  const parts: string[] = [];
  const step = Math.max(100, Math.ceil((high - low) / 800) * 100);
  for (let elo = low; elo <= high; elo += step) {
    parts.push(
      line(
        [
          [MARGIN.left, y(elo)],
          [WIDTH - MARGIN.right, y(elo)],
        ],
        '#e5e5e5',
      ),
    );
    parts.push(text(MARGIN.left - 8, y(elo) + 4, String(elo), 'end'));
  }
  for (const mark of marks) parts.push(text(x(mark), HEIGHT - MARGIN.bottom + 18, thousands(mark), 'middle'));
  return parts;
}

function drawCurve(
  { elo }: ArmCurves,
  means: readonly number[],
  marks: readonly number[],
  color: string,
  x: Scale,
  y: Scale,
): string[] {
  const errors = marks.map((_, i) => standardError(elo.map((values) => values[i]!)));
  const upper = marks.map((mark, i): Point => [x(mark), y(means[i]! + errors[i]!)]);
  const lower = marks.map((mark, i): Point => [x(mark), y(means[i]! - errors[i]!)]);
  return [
    area([...upper, ...lower.reverse()], color, 0.12),
    line(
      marks.map((mark, i): Point => [x(mark), y(means[i]!)]),
      color,
      undefined,
      2,
    ),
  ];
}

/** Names at the ends of the curves, pushed apart where they would overlap. */
function labels(curves: readonly ArmCurves[], means: readonly (readonly number[])[], y: Scale): string[] {
  const wanted = curves.map(({ arm, seeds }, i) => ({ arm, seeds: seeds.length, at: y(means[i]!.at(-1)!), i }));
  wanted.sort((a, b) => a.at - b.at);
  let last = -Infinity;
  return wanted.map(({ arm, seeds, at, i }) => {
    last = Math.max(at, last + 15);
    return text(WIDTH - MARGIN.right + 8, last + 4, `${arm} (${seeds})`, 'start', 12, COLORS[i % COLORS.length]);
  });
}

function thousands(value: number): string {
  return value >= 1000 ? `${Math.round(value / 100) / 10}k` : String(value);
}
