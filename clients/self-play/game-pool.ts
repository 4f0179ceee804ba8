/**
 * The games that a worker plays at once. A game goes on as soon as its evaluation is there. What games ask for in one turn of
 * the event loop travels together, in messages that are answered one by one, so some games search while others are at the
 * server or on their way.
 */

import { setImmediate as turnEnd } from 'node:timers/promises';
import { Condition } from '../../src/core/condition.js';
import { AppError, assert } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import { trace } from '../../src/core/trace.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { GameRecord } from '../../src/go/game-record.js';
import type { Position } from '../../src/go/position.js';
import type { Backoff } from '../shared/backoff.js';
import { isLasting } from './lasting-error.js';
import { playGame, type PlayedGame } from './play-game.js';
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
  readonly backoff: Backoff;
  readonly log: WorkerLog;
}

/** Most games whose questions share a message: some batches of the server's. */
const MOST_IN_MESSAGE = 128;

/** Messages that the games of a small worker make at least: while one is at the server, the games of another search. */
const LEAST_MESSAGES = 2;

/** A game in play. */
interface Play {
  readonly game: RunningGame;
  /** Gives the game up. */
  readonly dropped: AbortSignal;
  readonly onDone: (record: GameRecord) => void;
  readonly onError: (error: unknown) => void;
}

/** A game that waits for an evaluation. */
interface Asking {
  readonly play: Play;
  readonly question: Question;
}

/** Plays the games it is given until it is told to stop. */
export class GamePool {
  readonly #options: GamePoolOptions;
  readonly #plays = new Set<Play>();
  /** Games whose questions are in no message. */
  #asking: Asking[] = [];
  /** Messages at the server or on their way, by model. */
  readonly #inFlight = new Map<string, number>();
  /** The last failure of a message since messages were sent. */
  #failure: AppError | undefined;
  /** Failures in a row. */
  #failures = 0;
  readonly #changed = new Condition();
  #evaluations = 0;
  #refusals = 0;

  constructor(options: GamePoolOptions) {
    this.#options = options;
  }

  /** Positions evaluated so far. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** How often the evaluator had no room for a message. */
  get refusals(): number {
    return this.#refusals;
  }

  /**
   * Starts a game. `onDone` or `onError` is called once, perhaps before this returns, unless the pool is stopped or the game
   * dropped before.
   *
   * @param dropped gives the game up
   */
  start(
    game: PlayedGame,
    dropped: AbortSignal,
    onDone: (record: GameRecord) => void,
    onError: (error: unknown) => void,
  ): void {
    const play = { game: playGame(game.task, game.variation), dropped, onDone, onError };
    this.#plays.add(play);
    this.#advance(play);
  }

  /**
   * Plays until `signal` aborts; games that are not finished by then are dropped. While the server is away the games wait
   * where they are.
   *
   * @throws AppError when the evaluator refuses in a way that trying again cannot change
   */
  async run(signal: AbortSignal): Promise<void> {
    const stopping = new AbortController();
    const stop = AbortSignal.any([signal, stopping.signal]);
    const wake = (): void => this.#changed.notifyAll();
    stop.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        // After this turn's input: every game that goes on in this turn joins.
        await turnEnd();
        if (isStopped(stop)) return;
        if (this.#failure) await this.#pause(this.#failure, stop);
        for (const message of this.#takeMessages()) void this.#ask(message, stop);
        await this.#changed.wait();
      }
    } finally {
      stopping.abort();
      for (const { game } of this.#plays) game.return(undefined as never);
      this.#plays.clear();
    }
  }

  /** Waits after a failure. @throws the failure if waiting cannot help */
  async #pause(failure: AppError, signal: AbortSignal): Promise<void> {
    if (isLasting(failure, this.#failures++)) throw failure;
    const { backoff, log } = this.#options;
    const retryInMs = Math.round(backoff.nextMs());
    log('evaluation-failed', { reason: failure.message, retryInMs });
    await delay(retryInMs, signal).catch(() => undefined);
    this.#failure = undefined;
  }

  /**
   * The games that ask, in messages to one model each; nearly always there is only one model. A message that is not full waits
   * for the next answer as long as others are in flight, or small messages would stay small for ever.
   */
  #takeMessages(): Asking[][] {
    const byModel = new Map<string, Asking[]>();
    for (const asking of this.#asking) {
      const { model } = asking.question;
      const others = byModel.get(model);
      if (others) others.push(asking);
      else byModel.set(model, [asking]);
    }
    this.#asking = [];
    const full = Math.min(MOST_IN_MESSAGE, Math.ceil(this.#plays.size / LEAST_MESSAGES));
    const messages: Asking[][] = [];
    for (const [model, asking] of byModel) {
      let inFlight = this.#inFlight.get(model) ?? 0;
      while (asking.length >= full || (asking.length > 0 && inFlight < LEAST_MESSAGES)) {
        messages.push(asking.splice(0, full));
        inFlight++;
      }
      this.#asking.push(...asking);
    }
    return messages;
  }

  /** Asks for what the games of one message want; if that fails the games have not moved, and ask again. */
  async #ask(message: readonly Asking[], signal: AbortSignal): Promise<void> {
    const { evaluator, backoff } = this.#options;
    const model = message[0]!.question.model;
    const positions = message.flatMap(({ question }) => question.positions);
    const sent = trace ? performance.now() : 0;
    let evaluations: readonly GoEvaluation[];
    this.#count(model, 1);
    try {
      evaluations = await evaluator.evaluate(positions, { model, signal });
    } catch (thrown) {
      if (isStopped(signal)) return;
      this.#failure = AppError.from(thrown);
      if (this.#failure.kind === 'resource-exhausted') this.#refusals++;
      this.#asking.push(...message);
      return;
    } finally {
      this.#count(model, -1);
      this.#changed.notifyAll();
    }
    if (isStopped(signal)) return;
    trace?.add('evaluation', sent, positions.length);
    assert(evaluations.length === positions.length, 'every position has one evaluation');
    backoff.succeeded();
    this.#failures = 0;
    this.#evaluations += positions.length;
    const started = trace ? performance.now() : 0;
    let next = 0;
    for (const { play, question } of message) {
      this.#advance(play, evaluations.slice(next, (next += question.positions.length)));
    }
    trace?.add('search', started, message.length);
  }

  #count(model: string, change: number): void {
    this.#inFlight.set(model, (this.#inFlight.get(model) ?? 0) + change);
  }

  /** @param answer to what the game asked, if it has begun */
  #advance(play: Play, answer?: readonly GoEvaluation[]): void {
    const { game, dropped, onDone, onError } = play;
    try {
      const step = dropped.aborted ? game.return(undefined as never) : game.next(answer!);
      if (!step.done) {
        this.#asking.push({ play, question: step.value });
        this.#changed.notifyAll();
        return;
      }
      this.#plays.delete(play);
      if (!dropped.aborted) onDone(step.value);
    } catch (error) {
      this.#plays.delete(play);
      onError(error);
    }
  }
}

/** Read anew after a wait, which the compiler's narrowing does not know. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
