/** In a game thread: calls of Evaluate that the thread's owner makes, on the one connection of the worker. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { receiveError, type SentError } from '../../src/threads/messages.js';
import type { Tell } from '../../src/threads/serve.js';
import { PackedEvaluator } from '../../src/wire/evaluator-definition.js';
import type { ReadAnswer } from '../../src/wire/read-answer.js';
import type { EvaluatorCalls, EvaluatorConnection } from '../shared/remote-evaluator.js';
import type { GameEvent } from './game-messages.js';

const { responseType } = PackedEvaluator.methods.evaluate;

/** The way to the server through the owner. */
export class OwnersLine implements EvaluatorConnection {
  readonly #tell: Tell<GameEvent>;
  readonly #answers = new Map<number, MessageQueue<Uint8Array>>();
  #calls = 0;

  constructor(tell: Tell<GameEvent>) {
    this.#tell = tell;
  }

  client(): EvaluatorCalls {
    return { evaluate: (requests, { signal }) => this.#evaluate(requests, signal) };
  }

  /** A response has come. */
  answer(call: number, bytes: Uint8Array): void {
    this.#answers.get(call)?.push(bytes);
  }

  /** A call has ended. */
  ended(call: number, why: SentError | undefined): void {
    const answers = this.#answers.get(call);
    if (why) answers?.fail(receiveError(why));
    else answers?.end();
  }

  async *#evaluate(requests: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<ReadAnswer> {
    const call = this.#calls++;
    const answers = new MessageQueue<Uint8Array>();
    this.#answers.set(call, answers);
    const abandon = (): void => answers.end();
    signal.addEventListener('abort', abandon, { once: true });
    void this.#send(call, requests);
    try {
      for await (const bytes of answers) yield responseType.decode(bytes);
    } finally {
      signal.removeEventListener('abort', abandon);
      this.#answers.delete(call);
      this.#tell({ call, isAbandoned: true });
    }
  }

  async #send(call: number, requests: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const request of requests) this.#tell({ call, request });
    this.#tell({ call, isAbandoned: false });
  }
}
