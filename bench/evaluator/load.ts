/** A client that keeps a fixed number of messages in flight on one stream. */

import type { Client } from 'nice-grpc';
import { MessageQueue } from '../../src/core/message-queue.js';
import { Priority, type EvaluateRequest } from '../../src/proto/tengen/v1/evaluator.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import type { Position } from '../../src/proto/tengen/v1/position.js';
import type { EvaluatorServiceDefinition } from '../../src/wire/evaluator-definition.js';

/** What clients are told to do: keep `inFlight` messages of `count` positions going for `ms`. */
export interface ClientOrder {
  /** 1 unless given. */
  readonly clients?: number;
  readonly ms: number;
  readonly inFlight: number;
  readonly count: number;
  /** Whether the requests come before others. */
  readonly isInteractive?: boolean;
}

/** One stream's worth of asking after another; every position is sent in turn. */
export class Load {
  readonly #client: Client<typeof EvaluatorServiceDefinition>;
  readonly #positions: readonly Position[];
  #nextPosition: number;
  #nextRequest = 1n;

  /** @param first the position to begin with */
  constructor(client: Client<typeof EvaluatorServiceDefinition>, positions: readonly Position[], first = 0) {
    this.#client = client;
    this.#positions = positions;
    this.#nextPosition = first;
  }

  /**
   * Asks for `ms` from the first answer on; that one, and those after the time, are not counted: what counts is the rate
   * with everything in flight.
   */
  async run({ ms, inFlight, count, isInteractive = false }: ClientOrder): Promise<{ evaluations: number; ms: number }> {
    const outgoing = new MessageQueue<EvaluateRequest>();
    for (let i = 0; i < inFlight; i++) outgoing.push(this.#request(count, isInteractive));
    let start: number | undefined;
    let evaluations = 0;
    let elapsed = 0;
    for await (const response of this.#client.evaluate(outgoing)) {
      if (response.error) throw new Error(response.error.message);
      if (elapsed > 0) continue;
      const now = performance.now();
      if (start === undefined) start = now;
      else evaluations += response.evaluations.length;
      if (now - start < ms) {
        outgoing.push(this.#request(count, isInteractive));
      } else {
        elapsed = Math.max(now - start, Number.MIN_VALUE);
        outgoing.end();
      }
    }
    return { evaluations, ms: elapsed };
  }

  #request(count: number, isInteractive: boolean): EvaluateRequest {
    if (this.#nextPosition + count > this.#positions.length) this.#nextPosition = 0;
    const from = this.#nextPosition;
    this.#nextPosition += count;
    return {
      requestId: this.#nextRequest++,
      model: '',
      priority: isInteractive ? Priority.INTERACTIVE : Priority.BULK,
      positions: this.#positions.slice(from, from + count),
      ownership: false,
      precision: Precision.AUTO,
      cancel: false,
    };
  }
}
