/** The curves of a report as an SVG: Elo against searched positions, means over seeds with a band of one standard error. */

import type { Experiment } from './experiment.js';
import { meanCurve, type ArmCurves, type Report } from './report.js';

const WIDTH = 760;
const HEIGHT = 460;
const MARGIN = { left: 64, right: 150, top: 44, bottom: 52 };
/** Distinguishable also without color vision (Okabe and Ito). */
const COLORS = ['#555555', '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8f6b00'];

/** Draws the arms named, in this order. */
export function plotReport(experiment: Experiment, report: Report, arms: readonly string[]): string {
  const curves = arms.flatMap((arm) => report.curves.filter((curve) => curve.arm === arm));
  const { marks, size } = experiment;
  const means = curves.map(({ elo }) => meanCurve(elo));
  const all = [...means.flat(), report.targetElo].filter(Number.isFinite);
  const [low, high] = [Math.floor(Math.min(...all) / 100) * 100, Math.ceil(Math.max(...all) / 100) * 100];
  const [first, last] = [Math.log(marks[0]!), Math.log(marks.at(-1)!)];
  const x = (mark: number): number =>
    MARGIN.left + ((Math.log(mark) - first) / (last - first)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (elo: number): number =>
    HEIGHT - MARGIN.bottom - ((elo - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(
      MARGIN.left,
      24,
      `Elo by searched positions, ${size}×${size}: mean over seeds, ± one standard error`,
      'start',
      14,
    ),
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
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, 'searched positions', 'middle'),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

type Scale = (value: number) => number;

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
  const band = [...upper, ...lower.reverse()].map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ');
  return [
    `<polygon points="${band}" fill="${color}" opacity="0.12"/>`,
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

type Point = readonly [number, number];

function line(points: readonly Point[], color: string, dashes?: string, width = 1): string {
  const path = points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ');
  const dash = dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`;
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="${width}"${dash}/>`;
}

function text(x: number, y: number, content: string, anchor: string, size = 12, color = '#333333'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" fill="${color}">${content}</text>`;
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function thousands(value: number): string {
  return value >= 1000 ? `${Math.round(value / 100) / 10}k` : String(value);
}
