/** From the progress of a job to the curves that are drawn. */

import type { JobProgress } from '../../../src/proto/tengen/v1/job.js';
import type { ChartSeries } from '../chart.js';

export interface Curve {
  readonly title: string;
  /** Minutes since the first point of progress. */
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
}

/** Figures that only say how far the job is. */
const counters = new Set(['elapsedSeconds', 'progress', 'step', 'epoch']);

/** Every figure of a job: losses together and ratings by themselves as main curves, the others one by one. */
export function curvesOf(progress: readonly JobProgress[]): {
  readonly main: readonly Curve[];
  readonly others: readonly Curve[];
} {
  const startMs = progress[0]?.timeMs ?? 0;
  // A rating stands in later points too; it was found where the event says so.
  const isNews = ({ event }: JobProgress, name: string): boolean => name !== 'rating' || event === 'rating';
  const curve = (title: string, names: readonly string[]): Curve[] => {
    const points = progress.filter((point) => names.some((name) => name in point.metrics && isNews(point, name)));
    if (points.length === 0) return [];
    const series = names.map((name) => ({ name, y: points.map(({ metrics }) => metrics[name] ?? null) }));
    return [{ title, x: points.map(({ timeMs }) => (timeMs - startMs) / 60_000), series }];
  };
  const names = [...new Set(progress.flatMap(({ metrics }) => Object.keys(metrics)))];
  const losses = names.filter((name) => /loss$/i.test(name)).sort();
  const others = names.filter((name) => !losses.includes(name) && name !== 'rating' && !counters.has(name)).sort();
  return {
    main: [...curve('Elo over the first version', ['rating']), ...(losses.length > 0 ? curve('Losses', losses) : [])],
    others: others.flatMap((name) => curve(name, [name])),
  };
}
