/** The runs as an SVG: accuracy against rollouts, means over seeds with a band of one standard error. */

import { mean, standardError } from '../../bench/shared/statistics.js';
import { calibrationSeeds, type RunLine } from './experiment.js';
import { area, COLORS, line, picture, type Point, type Scale, text } from '../shared/svg.js';
import { smoothed, type Report } from './report.js';

const WIDTH = 820;
const HEIGHT = 480;
const MARGIN = { left: 64, right: 190, top: 44, bottom: 52 };
/** Moments at which curves are read off, as shares of the longest run. */
const MOMENTS = 60;

/** Mean and standard error at a number of rollouts. */
interface Moment {
  readonly rollouts: number;
  readonly mean: number;
  readonly error: number;
}

/** Draws all arms. */
export function plotRuns(name: string, runs: readonly RunLine[], { targets }: Report): string {
  const counted = runs.filter(({ seed }) => !calibrationSeeds.includes(seed));
  const curves = [...new Set(counted.map(({ arm }) => arm))].map((arm) => ({
    arm,
    moments: momentsOf(counted.filter((run) => run.arm === arm)),
  }));
  const all = curves.flatMap(({ moments }) => moments);
  const uniform = counted.filter(({ arm }) => arm === 'uniform');
  // Arms that draw more in a step go on to the right; what counts is what they have for the price of the others.
  const most = Math.max(...uniform.map(({ points }) => points.at(-1)!.rollouts)) * 1.15;
  const [low, high] = [
    Math.floor(20 * Math.min(...all.map(({ mean }) => mean))) / 20,
    Math.ceil(20 * Math.max(...all.map(({ mean }) => mean))) / 20,
  ];
  const x: Scale = (rollouts) => MARGIN.left + (rollouts / most) * (WIDTH - MARGIN.left - MARGIN.right);
  const y: Scale = (accuracy) =>
    HEIGHT - MARGIN.bottom - ((accuracy - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const shown = curves.map(({ arm, moments }) => ({ arm, moments: moments.filter((one) => one.rollouts <= most) }));
  const title = `Accuracy by rollouts, ${name}: mean over seeds, ± one standard error`;
  return picture(WIDTH, HEIGHT, MARGIN.left, title, [
    ...grid(most, low, high, x, y),
    line(
      [MARGIN.left, WIDTH - MARGIN.right].map((at): Point => [at, y(targets.main)]),
      '#999999',
      '4 4',
    ),
    ...shown.flatMap(({ moments }, i) => drawCurve(moments, i, x, y)),
    ...labels(shown, y),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, 'rollouts', 'middle'),
  ]);
}

/** Runs of an arm cost differently, so they are read off at common numbers of rollouts that all of them have. */
function momentsOf(runs: readonly RunLine[]): Moment[] {
  const first = Math.max(...runs.map(({ points }) => points[0]!.rollouts));
  const last = Math.min(...runs.map(({ points }) => points.at(-1)!.rollouts));
  return Array.from({ length: MOMENTS + 1 }, (_, i) => {
    const rollouts = first + ((last - first) * i) / MOMENTS;
    const values = runs.map((run) => accuracyAt(run, rollouts));
    return { rollouts, mean: mean(values), error: standardError(values) };
  });
}

function accuracyAt({ points }: RunLine, rollouts: number): number {
  const curve = smoothed(points);
  const after = Math.max(
    1,
    points.findIndex((point) => point.rollouts >= rollouts),
  );
  const [from, to] = [points[after - 1]!.rollouts, points[after]!.rollouts];
  return curve[after - 1]! + ((curve[after]! - curve[after - 1]!) * (rollouts - from)) / (to - from);
}

function grid(most: number, low: number, high: number, x: Scale, y: Scale): string[] {
  const parts: string[] = [];
  for (let accuracy = low; accuracy <= high + 1e-9; accuracy += 0.05) {
    parts.push(
      line(
        [MARGIN.left, WIDTH - MARGIN.right].map((at): Point => [at, y(accuracy)]),
        '#e5e5e5',
      ),
    );
    parts.push(text(MARGIN.left - 8, y(accuracy) + 4, `${(100 * accuracy).toFixed(0)} %`, 'end'));
  }
  const step = 20_000 * Math.ceil(most / 160_000);
  for (let rollouts = 0; rollouts <= most; rollouts += step) {
    parts.push(text(x(rollouts), HEIGHT - MARGIN.bottom + 18, `${rollouts / 1000}k`, 'middle'));
  }
  return parts;
}

function drawCurve(moments: readonly Moment[], i: number, x: Scale, y: Scale): string[] {
  const color = COLORS[i % COLORS.length]!;
  const edge = (side: number): Point[] =>
    moments.map(({ rollouts, mean, error }): Point => [x(rollouts), y(mean + side * error)]);
  // More arms than colors: those are dashed.
  const dashes = i < COLORS.length ? undefined : '6 3';
  return [area([...edge(1), ...edge(-1).reverse()], color, 0.1), line(edge(0), color, dashes, 2)];
}

/** Names at the ends of the curves, pushed apart where they would overlap. */
function labels(curves: readonly { readonly arm: string; readonly moments: readonly Moment[] }[], y: Scale): string[] {
  const wanted = curves.map(({ arm, moments }, i) => ({ arm, at: y(moments.at(-1)!.mean), i }));
  wanted.sort((a, b) => a.at - b.at);
  let last = -Infinity;
  return wanted.map(({ arm, at, i }) => {
    last = Math.max(at, last + 15);
    const name = i < COLORS.length ? arm : `${arm} (dashed)`;
    return text(WIDTH - MARGIN.right + 8, last + 4, name, 'start', 12, COLORS[i % COLORS.length]);
  });
}
