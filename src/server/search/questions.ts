/** In a search thread: has positions evaluated by the main thread. All questions of one turn of the event loop go in one message. */

import { AppError } from '../../core/errors.js';
import type { AnsweredPrecision } from '../../core/precision.js';
import { cancelled, type CancelSignal, throwIfAborted } from '../../core/signals.js';
import type { GoEvaluation } from '../../go/evaluation.js';
import { unpackEvaluations } from '../../go/packed-evaluation.js';
import { packPosition, packedBytes, type PackedPositions } from '../../go/packed-position.js';
import type { Position } from '../../go/position.js';
import type { Evaluator } from '../../search/evaluator.js';
import { paceOf } from '../../search/pace.js';
import { receiveError } from '../../threads/messages.js';
import type { Tell } from '../../threads/serve.js';
import type { Answer, Question, SearchEvent } from './thread-messages.js';

/** Who asks, and for what. */
export type Asker = Pick<Question, 'game' | 'ownership' | 'isBulk'>;

interface Asking {
  readonly asker: Asker;
  readonly heard: (precision: AnsweredPrecision) => void;
  readonly positions: readonly Position[];
  readonly signal: CancelSignal | undefined;
}

interface Waiting extends Pick<Asking, 'heard'> {
  readonly resolve: (evaluations: readonly GoEvaluation[]) => void;
  readonly reject: (error: Error) => void;
}

/** The questions of all searches of a thread. */
export class Questions {
  readonly #tell: Tell<SearchEvent>;
  readonly #waiting = new Map<number, Waiting>();
  #questions: Question[] = [];
  #withdrawn: number[] = [];
  #isFlushing = false;
  #nextId = 0;
  #capacity = 0;

  constructor(tell: Tell<SearchEvent>) {
    this.#tell = tell;
  }

  /** @param heard told of the precision of each answer */
  evaluatorFor(asker: Asker, heard: (precision: AnsweredPrecision) => void): Evaluator<Position, GoEvaluation> {
    const capacity = (): number => this.#capacity;
    return {
      get pace() {
        return capacity() === 0 ? undefined : paceOf(capacity());
      },
      evaluate: (positions, { signal } = {}) => this.#ask({ asker, heard, positions, signal }),
    };
  }

  /** Takes answers of the main thread; those to questions that were withdrawn are passed over. */
  take(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const waiting = this.#waiting.get(answer.id);
      if (!waiting) continue;
      try {
        if ('error' in answer) throw receiveError(answer.error);
        this.#capacity = answer.capacity;
        waiting.heard(answer.precision);
        waiting.resolve(unpackEvaluations(answer.evaluations));
      } catch (error) {
        waiting.reject(AppError.from(error));
      }
    }
  }

  #ask({ asker, heard, positions, signal }: Asking): Promise<readonly GoEvaluation[]> {
    throwIfAborted(signal);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', withdraw);
      };
      const withdraw = (): void => {
        settle();
        this.#withdrawn.push(id);
        this.#flushSoon();
        reject(cancelled(signal!));
      };
      signal?.addEventListener('abort', withdraw, { once: true });
      this.#waiting.set(id, {
        heard,
        resolve: (evaluations) => {
          settle();
          resolve(evaluations);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#questions.push({ ...asker, id, positions: packed(positions) });
      this.#flushSoon();
    });
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      const [questions, withdrawn] = [this.#questions, this.#withdrawn];
      this.#questions = [];
      this.#withdrawn = [];
      this.#tell({ questions, withdrawn });
    });
  }
}

/** Positions of one game, packed. */
function packed(positions: readonly Position[]): PackedPositions {
  const size = positions[0]?.size ?? 0;
  const stones = new Uint8Array(size * size);
  const bytes = new Uint8Array(positions.length * packedBytes(size));
  positions.forEach((position, i) => packPosition(position.snapshot(stones), bytes, i * packedBytes(size)));
  return { packed: bytes, count: positions.length, size };
}
