/** Finds out what the server's model is, in the background and for as long as it takes. */

import { refOf } from '../../src/core/refs.js';
import { AppError } from '../../src/core/errors.js';
import type { AnsweredPrecision } from '../../src/core/precision.js';
import { Rng } from '../../src/core/rng.js';
import { delay } from '../../src/core/signals.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { precisionFromWire } from './game-precision.js';
import { boardSizes } from './model-boards.js';
import { fromCall } from './status.js';

/** What a program that plays or analyses needs to know of a model. */
export interface ModelFacts {
  /** name@version. */
  readonly ref: string;
  /** Board sizes that it plays, the preferred one first. */
  readonly sizes: readonly number[];
  /** Whether its features say what counts as points, as KataGo's do; others know area scoring only. */
  readonly tellsRules: boolean;
  /** KataGo's version of a network of its format; 0 for other networks. */
  readonly katagoVersion: number;
  /** In which the server serves it now; undefined if the server does not say. */
  readonly precision?: AnsweredPrecision | undefined;
}

/** Asks the server for a model; `ref` empty for the promoted one. @throws AppError */
export async function askModel(connection: Connection, ref: string, signal: AbortSignal): Promise<ModelFacts> {
  try {
    const { model } = await connection.client(ModelServiceDefinition).getModel({ model: ref }, { signal });
    if (!model) throw new AppError('internal', 'the server named no model');
    const { features = '', version = 0 } = JSON.parse(model.architectureJson || '{}') as {
      readonly features?: string;
      readonly version?: number;
    };
    return {
      ref: refOf(model),
      sizes: boardSizes(model),
      tellsRules: features.startsWith('katago'),
      katagoVersion: version,
      precision: precisionFromWire(model.servedPrecision),
    };
  } catch (error) {
    throw fromCall(error);
  }
}

/** Longest that a command waits for the first answer of the server. */
const attemptPatienceMs = 3000;

/** Asks until there is an answer, or the server refuses the token, which it would do for ever. */
export class ModelWatch {
  #facts: ModelFacts | undefined;
  #error = new AppError('unavailable', 'the server has not answered yet');
  #attempt: Promise<void> = Promise.resolve();
  readonly #over = signalOnce();

  /**
   * Starts asking.
   *
   * @param ask one attempt; throws AppError
   * @param onFacts called once, with the answer
   * @param onFailure called after every failed attempt
   * @param signal ends the asking
   */
  constructor(
    ask: (signal: AbortSignal) => Promise<ModelFacts>,
    onFacts: (facts: ModelFacts) => void,
    onFailure: (error: AppError) => void,
    signal: AbortSignal,
  ) {
    const attempt = async (): Promise<void> => {
      try {
        this.#facts = await ask(signal);
        onFacts(this.#facts);
        this.#over.resolve();
      } catch (error) {
        this.#error = AppError.from(error);
        if (!signal.aborted) onFailure(this.#error);
      }
    };
    const run = async (): Promise<void> => {
      const backoff = new Backoff(new Rng(process.pid), 5000);
      for (;;) {
        this.#attempt = attempt();
        await this.#attempt;
        if (this.#facts || signal.aborted) return;
        if (isRefused(this.#error)) {
          this.#over.resolve();
          return;
        }
        // The end by `signal` is for the next attempt to see.
        await backoff.wait(signal).catch(() => undefined);
      }
    };
    void run();
  }

  /** Resolves once the model is known. @throws AppError why it is not, after the attempt that is under way */
  async ready(): Promise<ModelFacts> {
    return this.#wait(this.#attempt, attemptPatienceMs);
  }

  /** As `ready`, over as many attempts as there are in `patienceMs`. */
  async known(patienceMs: number): Promise<ModelFacts> {
    return this.#wait(this.#over.promise, patienceMs);
  }

  async #wait(event: Promise<void>, patienceMs: number): Promise<ModelFacts> {
    const patience = new AbortController();
    try {
      if (!this.#facts) await Promise.race([event, delay(patienceMs, patience.signal).catch(() => undefined)]);
    } finally {
      patience.abort();
    }
    if (!this.#facts) throw this.#error;
    return this.#facts;
  }
}

function isRefused({ kind }: AppError): boolean {
  return kind === 'unauthenticated' || kind === 'permission-denied';
}

function signalOnce(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
