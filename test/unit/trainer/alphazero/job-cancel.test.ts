import { expect, it } from 'vitest';
import { memoryModels } from '../../../support/job-ports.js';
import { JobWorld } from '../../../support/job-world.js';

it('saves its last checkpoint after the versions that were under way', async () => {
  const world = new JobWorld();
  const log: string[] = [];
  const saved: number[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let puts = 0;
  const job = world.job(
    { ratingGames: 0, maxGames: 500 },
    {
      models: {
        ...memoryModels(),
        put: async () => {
          const ref = `model@${++puts}`;
          if (puts > 1) await gate;
          log.push(ref);
          return ref;
        },
      },
      checkpoints: {
        load: () => Promise.resolve(undefined),
        save: (step) => {
          saved.push(step);
          return Promise.resolve();
        },
      },
    },
  );
  void job.finished.then(() => log.push('ended'));
  await job.start();
  await world.playUntil(job, () => puts === 2);
  job.cancel();
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['model@1']);
  open();
  await job.finished;
  expect(log.slice(0, 2)).toEqual(['model@1', 'model@2']);
  expect(log.at(-1)).toBe('ended');
  expect(saved.length).toBeGreaterThan(2);
  expect(saved).toEqual(saved.toSorted((a, b) => a - b));
});
