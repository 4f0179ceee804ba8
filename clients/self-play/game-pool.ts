/**
 * The games that a worker plays at once. They are split into groups that move in lockstep, all leaves of a group in one
 * call; while one group waits for its evaluations another one searches.
 */

import { Condition } from '../../src/core/condition.js';
import { AppError, assert } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import { trace } from '../../src/core/trace.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { GameRecord } from '../../src/go/game-record.js';
import type { Position } from '../../src/go/position.js';
import { LockstepGroup } from '../../src/search/drive.js';
import type { Backoff } from '../shared/backoff.js';
import { isLasting } from './lasting-error.js';
import type { Question, RunningGame } from './running-game.js';
import type { WorkerLog } from './worker-log.js';

/** Evaluates positions with a model by name; `RemoteEvaluator` is one. */
export interface ModelEvaluator {
  evaluate(
    positions: readonly Position[],
    options: { readonly model: string; readonly signal: AbortSignal },
  ): Promise<readonly GoEvaluation[]>;
}

export interface GamePoolOptions {
  readonly evaluator: ModelEvaluator;
  /** Groups that take turns, at least 1. */
  readonly groups: number;
  /** Makes the waiting times of one group. */
  readonly makeBackoff: () => Backoff;
  readonly log: WorkerLog;
}

type Group = LockstepGroup<Question, readonly GoEvaluation[], GameRecord | undefined>;

/** Plays the games it is given until it is told to stop. */
export class GamePool {
  readonly #options: GamePoolOptions;
  readonly #groups: Group[];
  readonly #changed = new Condition();
  #evaluations = 0;

  constructor(options: GamePoolOptions) {
    this.#options = options;
    this.#groups = Array.from({ length: options.groups }, () => new LockstepGroup());
  }

  /** Positions evaluated so far. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /**
   * Starts a game in the smallest group. `onDone` or `onError` is called once, perhaps before this returns, unless the
   * pool is stopped or the game dropped before.
   *
   * @param dropped gives the game up
   */
  start(
    game: RunningGame,
    dropped: AbortSignal,
    onDone: (record: GameRecord) => void,
    onError: (error: unknown) => void,
  ): void {
    const smallest = this.#groups.reduce((a, b) => (b.size < a.size ? b : a));
    const ended = (record: GameRecord | undefined): void => {
      if (record) onDone(record);
    };
    smallest.add(untilDropped(game, dropped), ended, onError);
    this.#changed.notifyAll();
  }

  /**
   * Plays until `signal` aborts; games that are not finished by then are dropped. While the server is away the games wait
   * where they are.
   *
   * @throws AppError when the evaluator refuses in a way that trying again cannot change
   */
  async run(signal: AbortSignal): Promise<void> {
    const stopAll = new AbortController();
    const stop = AbortSignal.any([signal, stopAll.signal]);
    const wakeAll = (): void => this.#changed.notifyAll();
    stop.addEventListener('abort', wakeAll, { once: true });
    try {
      await Promise.all(this.#groups.map((group) => this.#play(group, stop)));
    } finally {
      stopAll.abort();
      for (const group of this.#groups) group.close();
    }
  }

  async #play(group: Group, signal: AbortSignal): Promise<void> {
    const backoff = this.#options.makeBackoff();
    for (let failures = 0; !signal.aborted;) {
      if (group.size === 0) {
        await this.#changed.wait();
        continue;
      }
      try {
        await group.step((questions) => this.#answer(questions, signal));
        backoff.succeeded();
        failures = 0;
      } catch (thrown) {
        const error = AppError.from(thrown);
        if (isStopped(signal)) return;
        if (isLasting(error, failures++)) throw error;
        const retryInMs = Math.round(backoff.nextMs());
        this.#options.log('evaluation-failed', { reason: error.message, retryInMs });
        await delay(retryInMs, signal).catch(() => undefined);
      }
    }
  }

  /** One call a model; nearly always there is only one. */
  async #answer(questions: readonly Question[], signal: AbortSignal): Promise<(readonly GoEvaluation[])[]> {
    const byModel = new Map<string, number[]>();
    questions.forEach(({ model }, i) => {
      const indices = byModel.get(model);
      if (indices) indices.push(i);
      else byModel.set(model, [i]);
    });
    const answers = new Array<readonly GoEvaluation[]>(questions.length);
    const ask = async ([model, indices]: [string, number[]]): Promise<void> => {
      const positions = indices.flatMap((i) => questions[i]!.positions);
      const started = trace ? performance.now() : 0;
      const evaluations = await this.#options.evaluator.evaluate(positions, { model, signal });
      trace?.add('evaluation', started, positions.length);
      assert(evaluations.length === positions.length, 'every position has one evaluation');
      this.#evaluations += positions.length;
      let next = 0;
      for (const i of indices) answers[i] = evaluations.slice(next, (next += questions[i]!.positions.length));
    };
    await Promise.all(Array.from(byModel, ask));
    return answers;
  }
}

/** The game, or nothing if it is dropped before its end. */
function* untilDropped(
  game: RunningGame,
  dropped: AbortSignal,
): Generator<Question, GameRecord | undefined, readonly GoEvaluation[]> {
  try {
    for (let step = game.next(); !dropped.aborted;) {
      if (step.done) return step.value;
      const answer = yield step.value;
      if (!isStopped(dropped)) step = game.next(answer);
    }
    return undefined;
  } finally {
    game.return(undefined as never);
  }
}

/** Read anew after a wait, which the compiler's narrowing does not know. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
