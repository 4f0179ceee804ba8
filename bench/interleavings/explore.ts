/** Schedules tried on one subject, and what is said of the first that fails. */

import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';

/** A part of the server whose asynchronous edges a scheduler holds. */
export interface Subject {
  readonly name: string;
  /** Tries schedules until one fails. */
  explore(trials: Trials): Promise<Explored>;
}

export interface Explored {
  readonly schedules: number;
  /** What was broken and how to repeat it; undefined if nothing was. */
  readonly failure: string | undefined;
}

export interface Trials {
  readonly schedules: number;
  readonly seed: number;
  /** Of one schedule, as a failure names it. */
  readonly path?: string | undefined;
}

/**
 * Makes a subject.
 *
 * @param plan what is done, without the order in which the asynchronous edges settle
 * @param run does it; throws if something is not as promised
 */
export function subject<Plan>(
  name: string,
  plan: fc.Arbitrary<Plan>,
  run: (scheduler: fc.Scheduler, plan: Plan) => Promise<void>,
): Subject {
  const property = fc.asyncProperty(fc.scheduler(), plan, run);
  return {
    name,
    async explore({ schedules, seed, path }) {
      const details = await fc.check(property, { numRuns: schedules, seed, ...(path !== undefined && { path }) });
      const tried = { schedules: details.numRuns };
      if (!details.failed) return { ...tried, failure: undefined };
      const reason = details.errorInstance instanceof Error ? details.errorInstance.message : '';
      const report = (await fc.asyncDefaultReportMessage(details)) ?? '';
      return { ...tried, failure: `${name}: ${reason}\n${report}` };
    },
  };
}

/** Does things one after another, each when the scheduler lets it. */
export async function actor(
  scheduler: fc.Scheduler,
  name: string,
  steps: readonly (() => Promise<void> | void)[],
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    await turn(scheduler, `${name} ${index}`);
    await step();
  }
}

/** Resolves when the scheduler lets it. */
export function turn(scheduler: fc.Scheduler, label: string): Promise<void> {
  return scheduler.schedule(Promise.resolve(), label);
}

/** Lets everything happen that can. @param idle called whenever nothing can; it may schedule more @throws Error if `done` then waits for something that will not come */
export async function settle<T>(
  scheduler: fc.Scheduler,
  done: Promise<T>,
  idle: () => void = () => undefined,
): Promise<T> {
  const state = { isDone: false };
  const end = (): void => void (state.isDone = true);
  done.then(end, end);
  do {
    await scheduler.waitIdle();
    await setImmediate();
    idle();
  } while (scheduler.count() > 0);
  if (!state.isDone) throw new Error('Somebody waits for ever');
  return done;
}

/** What was not as promised, gathered where a throw would only reach the part under test. */
export class Promises {
  readonly #broken: string[] = [];

  /** Notes `sentence` unless it holds. */
  expect(holds: boolean, sentence: string): void {
    if (!holds) this.#broken.push(sentence);
  }

  /** @throws Error with everything that was noted */
  check(): void {
    if (this.#broken.length > 0) throw new Error(this.#broken.join('; '));
  }
}
