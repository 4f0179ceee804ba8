/** Evaluations of any priority, cancelled at any time, on threads that refuse and die, while models change. */

import fc from 'fast-check';
import { readConfig } from '../../src/core/config.js';
import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { Cancellation } from '../../src/core/signals.js';
import { evaluatorSchema } from '../../src/evaluator/config.js';
import { Evaluator } from '../../src/evaluator/evaluator.js';
import { packPosition, packedBytes } from '../../src/go/packed-position.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import { actor, Promises, settle, subject, turn } from './explore.js';
import { type Fate, ScheduledThread, scoreOf, type ThreadWorld } from './scheduled-thread.js';

const MAX_PENDING = 12;

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('evaluate' as const),
      model: fc.constantFrom('m', 'n', 'm@1', 'n@1'),
      count: fc.integer({ min: 1, max: 6 }),
      isKnown: fc.boolean(),
      priority: fc.constantFrom('interactive' as const, 'bulk' as const),
      isCancelled: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('promote' as const, 'reload' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Evaluation = Extract<Step, { kind: 'evaluate' }>;

/** Several callers, and what becomes of the batches; what is left at the end is answered, or the evaluator closes before. */
export const batches = subject(
  'batches',
  fc.record({
    callers: fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    fates: fc.array(fc.constantFrom<Fate>('answer', 'answer', 'answer', 'refuse', 'die'), { maxLength: 6 }),
    closes: fc.boolean(),
    cacheMegabytes: fc.constantFrom(0, 1),
    loadedVersions: fc.integer({ min: 1, max: 2 }),
  }),
  async (scheduler, { callers, fates, closes, ...limits }) => {
    const world = new World(scheduler, fates, limits);
    const all = callers.map((steps, i) =>
      actor(
        scheduler,
        `caller ${i}`,
        steps.map((each) => () => world.do(each)),
      ),
    );
    const closing = closes ? [actor(scheduler, 'close', [() => undefined, () => world.close()])] : [];
    const wake = (): void => world.wake();
    await settle(scheduler, Promise.all([...all, ...closing]), wake);
    await settle(scheduler, world.end(), wake);
    world.promises.check();
  },
);

class World implements ThreadWorld {
  readonly promises = new Promises();
  readonly waiting = new Set<() => void>();
  readonly scheduler: fc.Scheduler;
  readonly #fates: Fate[];
  readonly #evaluator: Evaluator;
  readonly #answers: Promise<void>[] = [];
  readonly #versions = { m: 1, n: 1 };
  #isFaulty = false;
  #isClosed = false;
  #positions = 0;

  constructor(
    scheduler: fc.Scheduler,
    fates: readonly Fate[],
    limits: { cacheMegabytes: number; loadedVersions: number },
  ) {
    this.scheduler = scheduler;
    this.#fates = [...fates];
    const config = { threads: 2, maxBatch: 4, maxPending: MAX_PENDING, ...limits };
    const source = {
      resolve: async (name: string): Promise<string> => {
        await turn(scheduler, 'resolve');
        return name.includes('@') ? name : refOf({ name, version: String(this.#versions[name as 'm' | 'n']) });
      },
      read: async (): Promise<Uint8Array> => {
        await turn(scheduler, 'read');
        return new Uint8Array(1);
      },
    };
    this.#evaluator = new Evaluator(source, readConfig(evaluatorSchema, config), () => undefined, {
      startThread: (...parts) => new ScheduledThread(this, ...parts),
      delay: () => turn(scheduler, 'delay'),
    });
  }

  wake(): void {
    for (const wake of [...this.waiting]) {
      this.waiting.delete(wake);
      wake();
    }
  }

  nextFate(): Fate {
    const fate = this.#fates.shift() ?? 'answer';
    if (fate !== 'answer') this.#isFaulty = true;
    return fate;
  }

  async do(step: Step): Promise<void> {
    if (step.kind === 'evaluate') this.#answers.push(this.#evaluate(step));
    try {
      if (step.kind === 'reload') await this.#evaluator.reload('m');
    } catch (error) {
      const { kind, message } = AppError.from(error);
      this.promises.expect(kind === 'unavailable' && (this.#isFaulty || this.#isClosed), `A reload failed: ${message}`);
    }
    if (step.kind === 'promote') {
      this.#versions.m++;
      await this.#evaluator.refresh();
    }
    const { pending } = this.#evaluator.metrics();
    this.promises.expect(pending <= MAX_PENDING, `${pending} positions wait`);
    this.wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#evaluator.close();
  }

  async end(): Promise<void> {
    await Promise.all(this.#answers);
    this.promises.expect(this.#evaluator.metrics().pending === 0, 'Positions wait though all is answered');
    await this.close();
  }

  async #evaluate({ model, count, isKnown, priority, isCancelled }: Evaluation): Promise<void> {
    // Positions that were evaluated before are answered at once where there is a cache.
    const positions = Array.from({ length: count }, (_, i) => snapshot(isKnown ? i : 100 + this.#positions++));
    const signal = new Cancellation();
    if (isCancelled) void turn(this.scheduler, 'cancel').then(() => signal.abort());
    try {
      const { modelVersion, evaluations } = await this.#evaluator.evaluate({ model, positions, priority, signal });
      const isMeant = modelVersion === model || modelVersion.startsWith(`${model}@`);
      this.promises.expect(isMeant, `${modelVersion} answered for ${model}`);
      const scores = positions.map((position) => scoreOf(packed(position), modelVersion));
      const isRight = scores.every((score, i) => evaluations[i]?.score === score);
      this.promises.expect(isRight && evaluations.length === count, 'A position has another answer than its own');
    } catch (error) {
      const { kind, message } = AppError.from(error);
      const isExpected =
        (kind === 'cancelled' && isCancelled) ||
        kind === 'resource-exhausted' ||
        (kind === 'internal' && this.#isFaulty && /network failed/.test(message)) ||
        (kind === 'unavailable' && (this.#isClosed || this.#isFaulty));
      this.promises.expect(isExpected, `An evaluation ended with ${kind}: ${message}`);
    }
  }
}

/** The empty board of 2 × 2 points, each time with another komi. */
function snapshot(number: number): Snapshot {
  return new Position(2, { ...defaultRules(2), komi: number / 2 }).snapshot();
}

function packed(position: Snapshot): Uint8Array {
  const bytes = new Uint8Array(packedBytes(2));
  packPosition(position, bytes, 0);
  return bytes;
}
