/** The learning curve of a job, redrawn in place on a terminal and printed line by line elsewhere. */

import type { JobProgress } from '../../../src/proto/tengen/v1/job.js';
import { drawChart, type ChartPoint } from './chart.js';

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

/** Shows ratings over time as a chart, with the newest figures below. */
export class LearningCurve {
  readonly #out: NodeJS.WriteStream;
  readonly #points: ChartPoint[] = [];
  readonly #metrics: Record<string, number> = {};
  #startMs: number | undefined;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Takes one point of progress into the picture. */
  add(progress: JobProgress): void {
    this.#startMs ??= progress.timeMs;
    const at = progress.timeMs - this.#startMs;
    Object.assign(this.#metrics, progress.metrics);
    const rating = progress.metrics['rating'];
    const isRating = progress.event === 'rating' && rating !== undefined;
    if (isRating) this.#points.push({ x: at, y: rating });
    if (this.#out.isTTY) this.#redraw(at);
    else if (isRating || progress.event !== 'train')
      this.#out.write(`${minutes(at)}  ${progress.event}  ${this.#figures()}  ${progress.message}\n`);
  }

  /** Leaves the last picture on the screen. */
  end(): void {
    this.#drawn = 0;
  }

  #redraw(at: number): void {
    const width = Math.max(20, Math.min(100, (this.#out.columns || 80) - 12));
    const lines = [
      'Elo over the first network',
      ...drawChart(this.#points, { width, height: 12, formatX: minutes, formatY: (elo) => elo.toFixed(0) }),
      `${minutes(at)}  ${this.#figures()}`,
      ...this.#treeFigures(),
    ];
    if (this.#drawn > 0) this.#out.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#out.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  #figures(): string {
    return [
      ...this.#figure('games', 0, 'games'),
      ...this.#figure('positions', 0, 'positions'),
      ...this.#figure('positionsPerSecond', 0, 'positions/s'),
      ...this.#figure('loss', 2, 'loss'),
      ...this.#figure('rating', 0, 'Elo'),
    ].join('  ');
  }

  /** A line of its own, since one longer than the terminal would be drawn over; none if games are not branched. */
  #treeFigures(): string[] {
    const figures = [
      ...this.#figure('variationsPerTree', 1, 'games a tree'),
      ...this.#figure('meanLcr', 3, 'LCR'),
      ...this.#figure('eligibleShare', 2, 'eligible'),
      ...this.#figure('backUp', 1, 'plies back'),
    ];
    return figures.length === 0 ? [] : [figures.join('  ')];
  }

  #figure(name: string, digits: number, unit: string): string[] {
    const value = this.#metrics[name];
    return value === undefined ? [] : [`${value.toLocaleString('en', { maximumFractionDigits: digits })} ${unit}`];
  }
}
