import { expect, it } from 'vitest';
import { curvesOf } from '../../../clients/web/training/curves.js';
import { JobProgress } from '../../../src/proto/tengen/v1/job.js';

const START_MS = 1_764_000_000_000;
const point = (minutes: number, event: string, metrics: Record<string, number>): JobProgress =>
  JobProgress.fromPartial({ timeMs: START_MS + minutes * 60_000, event, metrics });

it('losses are drawn together, ratings where they were found, everything else by itself', () => {
  const { main, others } = curvesOf([
    point(0, 'train', { step: 1, policyLoss: 3, valueLoss: 1, elapsedSeconds: 0 }),
    point(1, 'rating', { step: 1, rating: 0, games: 10 }),
    point(2, 'train', { step: 2, policyLoss: 2, rating: 0, games: 15 }),
    point(4, 'rating', { step: 2, rating: 120, games: 20 }),
  ]);
  expect(main).toEqual([
    { title: 'Elo over the first version', x: [1, 4], series: [{ name: 'rating', y: [0, 120] }] },
    {
      title: 'Losses',
      x: [0, 2],
      series: [
        { name: 'policyLoss', y: [3, 2] },
        { name: 'valueLoss', y: [1, null] },
      ],
    },
  ]);
  expect(others).toEqual([{ title: 'games', x: [1, 2, 4], series: [{ name: 'games', y: [10, 15, 20] }] }]);
});

it('a job that has not said anything has no curves', () => {
  expect(curvesOf([])).toEqual({ main: [], others: [] });
  expect(curvesOf([point(0, 'state', {})])).toEqual({ main: [], others: [] });
});
