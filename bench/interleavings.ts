/**
 * Leases, batches, promotion, the take-up of jobs and uploads in every order in which their asynchronous edges may settle:
 * the real classes, with calls to the store, replies of threads, files and timers in the hands of a scheduler.
 *
 *   npm run bench -- interleavings [--schedules 100000] [--seed 1] [--subject NAME] [--path PATH] --json
 */

import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import { subjects } from './interleavings/subjects.js';

/**
 * Keys: `schedules` tried, `schedulesOf` each subject, `failures`: subjects that broke a promise. A subject ends with its
 * first failure, of which stderr says what was broken, the shortest schedule found, and with which --seed, --subject and
 * --path it is repeated.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      schedules: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      subject: { type: 'string' },
      path: { type: 'string' },
    },
  });
  const [schedules, seed] = [Number(values.schedules), Number(values.seed)];
  check(
    Number.isInteger(schedules) && schedules >= 1,
    () => `--schedules is ${values.schedules}; it must be 1 or more`,
  );
  check(Number.isInteger(seed), () => `--seed is ${values.seed}; it must be a whole number`);
  const names = subjects.map(({ name }) => name).join(', ');
  const tried = subjects.filter(({ name }) => values.subject === undefined || name === values.subject);
  check(tried.length > 0, () => `--subject is '${values.subject ?? ''}'; it must be one of ${names}`);
  const [share, schedulesOf] = [Math.ceil(schedules / tried.length), new Map<string, number>()];
  let failures = 0;
  for (const subject of tried) {
    const { schedules: done, failure } = await subject.explore({ schedules: share, seed, path: values.path });
    schedulesOf.set(subject.name, done);
    if (failure === undefined) continue;
    failures++;
    process.stderr.write(`${failure}\n`);
  }
  const total = [...schedulesOf.values()].reduce((sum, count) => sum + count, 0);
  return { schedules: total, failures, schedulesOf: Object.fromEntries(schedulesOf), seed };
}
