/** With the owner of a game thread: the calls of Evaluate that the thread asks for, in bytes, on the connection of the worker. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { sendError } from '../../src/threads/messages.js';
import { EvaluatorInBytes } from '../../src/wire/evaluator-definition.js';
import type { Connection } from '../shared/connection.js';
import { fromCall } from '../shared/status.js';
import type { GameCalls } from './game-messages.js';

/** A call under way. */
interface OwnedCall {
  readonly requests: MessageQueue<Uint8Array>;
  readonly abandoned: AbortController;
}

/** The calls of one thread. */
export class OwnedCalls {
  readonly #connection: Connection;
  readonly #thread: Pick<GameCalls, 'answer' | 'ended'>;
  readonly #calls = new Map<number, OwnedCall>();

  constructor(connection: Connection, thread: Pick<GameCalls, 'answer' | 'ended'>) {
    this.#connection = connection;
    this.#thread = thread;
  }

  request(call: number, bytes: Uint8Array): void {
    const { requests } = this.#calls.get(call) ?? this.#open(call);
    requests.push(bytes);
  }

  /** No further request comes. */
  end(call: number, isAbandoned: boolean): void {
    const owned = this.#calls.get(call);
    owned?.requests.end();
    if (isAbandoned) owned?.abandoned.abort();
  }

  #open(call: number): OwnedCall {
    const owned = { requests: new MessageQueue<Uint8Array>(), abandoned: new AbortController() };
    this.#calls.set(call, owned);
    void this.#carry(call, owned);
    return owned;
  }

  async #carry(call: number, { requests, abandoned: { signal } }: OwnedCall): Promise<void> {
    try {
      const answers = this.#connection.client(EvaluatorInBytes).evaluate(requests, { signal });
      for await (const bytes of answers) this.#thread.answer(call, bytes);
      this.#thread.ended(call, undefined);
    } catch (error) {
      this.#thread.ended(call, sendError(fromCall(error)));
    } finally {
      requests.end();
      this.#calls.delete(call);
    }
  }
}
