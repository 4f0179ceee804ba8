/** A bare worker: the Work stream with every message in the test's hands, and games of random moves. */

import { Condition } from '../../src/core/condition.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { Rng } from '../../src/core/rng.js';
import { packPolicy, type SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import {
  SelfPlayServiceDefinition,
  WorkRequest,
  type GameRecord,
  type Lease,
  type WorkResponse,
} from '../../src/proto/tengen/v1/self_play.js';
import type { SelfPlay } from '../../src/server/self-play/self-play-service.js';
import { gameRecordToWire } from '../../src/wire/game-record.js';
import { rulesFromWire } from '../../src/wire/rules.js';

type Body = NonNullable<WorkResponse['body']>;
type Case = Body['$case'];
type ValueOf<C extends Case> = Extract<Body, { $case: C }>['value'];

/** Where a stream is opened: a `Connection`, or a service in this process. */
export interface WorkServer {
  client(definition: typeof SelfPlayServiceDefinition): {
    work(requests: AsyncIterable<WorkRequest>, options: { signal: AbortSignal }): AsyncIterable<WorkResponse>;
  };
}

/** The stream of a service in this process. */
export function servedBy({ service }: SelfPlay): WorkServer {
  type Context = Parameters<typeof service.work>[1];
  return {
    client: () => ({
      work: (requests, { signal }) => service.work(inBytes(requests), { signal } as Context) as AsyncGenerator<never>,
    }),
  };
}

async function* inBytes(requests: AsyncIterable<WorkRequest>): AsyncGenerator<Uint8Array> {
  for await (const request of requests) yield WorkRequest.encode(request).finish();
}

export class WorkClient {
  readonly #outgoing = new MessageQueue<WorkRequest>();
  readonly #received: Body[] = [];
  readonly #call = new AbortController();
  readonly #changed = new Condition();
  #end: { readonly error?: unknown } | undefined;

  constructor(server: WorkServer) {
    void this.#read(server.client(SelfPlayServiceDefinition).work(this.#outgoing, { signal: this.#call.signal }));
  }

  send(body: NonNullable<WorkRequest['body']>): void {
    this.#outgoing.push({ body });
  }

  hello(games: number, worker = 'test', leaseIds: string[] = []): void {
    this.send({ $case: 'hello', value: { worker, games, protocolVersion: 1, leaseIds } });
  }

  submit(lease: Lease, game: GameRecord = playLease(lease)): void {
    this.send({ $case: 'submit', value: { leaseId: lease.leaseId, game } });
  }

  /** The next message of this kind; others stay queued. @throws what the stream ended with */
  async next<C extends Case>(kind: C): Promise<ValueOf<C>> {
    for (;;) {
      const at = this.#received.findIndex(({ $case }) => $case === kind);
      if (at >= 0) return this.#received.splice(at, 1)[0]!.value as ValueOf<C>;
      if (this.#end?.error instanceof Error) throw this.#end.error;
      if (this.#end) throw new Error(`The stream ended without a message '${kind}'`);
      await this.#changed.wait();
    }
  }

  /** Messages of this kind that are queued. */
  pending(kind: Case): number {
    return this.#received.filter(({ $case }) => $case === kind).length;
  }

  /** Resolves when the stream has ended: with its error, or undefined. */
  async ended(): Promise<unknown> {
    while (!this.#end) await this.#changed.wait();
    return this.#end.error;
  }

  /** Half-closes the stream. */
  finish(): void {
    this.#outgoing.end();
  }

  /** Breaks the stream off, as a worker that dies. */
  abort(): void {
    this.#call.abort();
    this.#outgoing.end();
  }

  async #read(responses: AsyncIterable<WorkResponse>): Promise<void> {
    try {
      for await (const { body } of responses) {
        if (body) this.#received.push(body);
        this.#changed.notifyAll();
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#changed.notifyAll();
  }
}

/** A game of random legal moves that fulfils a lease. */
export function playLease(lease: Lease): GameRecord {
  const { settings, seed, match } = lease;
  if (!settings) throw new Error('The lease has no settings');
  const { size, maxMoves } = settings;
  const rules = rulesFromWire(settings.rules);
  const rng = new Rng(seed);
  const position = new Position(size, rules);
  const legal = new Uint8Array(position.actionCount);
  const moves: number[] = [];
  const searches: SearchRecord[] = [];
  while (!position.isOver && moves.length < maxMoves) {
    position.legal(legal);
    const move = match?.opening[moves.length] ?? rng.weighted(legal);
    const policy = new Float32Array(position.actionCount);
    policy[move] = 1;
    searches.push({ policy: packPolicy(policy), value: 0, visits: 1, full: match === undefined });
    position.play(move);
    moves.push(move);
  }
  const { gameId, jobId, modelVersion } = lease;
  const record = { gameId, jobId, modelVersion, seed, size, rules, moves, searches, score: position.score() };
  return gameRecordToWire(match ? { ...record, match } : record);
}
