/**
 * The worker's end of `SelfPlayService.Work`: says hello, hands leases on, submits finished games and keeps them until they
 * are acknowledged, sends signs of life, and opens the stream again when it breaks.
 */

import { randomBytes } from 'node:crypto';
import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import type { GameRecord } from '../../src/go/game-record.js';
import {
  SelfPlayServiceDefinition,
  type Lease,
  type SubmitGame,
  type WorkRequest,
  type WorkResponse,
} from '../../src/proto/tengen/v1/self_play.js';
import { gameRecordToWire } from '../../src/wire/game-record.js';
import type { Backoff } from '../shared/backoff.js';
import type { Connection } from '../shared/connection.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { fromCall } from '../shared/status.js';
import { isLasting } from './lasting-error.js';
import type { WorkerLog } from './worker-log.js';

const protocolVersion = 1;
/** Milliseconds that the server has to answer what was sent before we leave. */
const farewellMs = 3000;

/** What the link tells the worker, and asks of it. */
export interface LinkHost {
  /** Leases still being played; a new stream takes them along. */
  leasesHeld(): readonly string[];
  /** A game to play. */
  lease(lease: Lease): void;
  /** The version for games of `jobId` that have not started. */
  newModel(jobId: string, modelVersion: string): void;
  /** A game was refused, perhaps one that was not submitted yet; if it is of a tree, the lease on the tree is over. */
  refused(gameId: string): void;
}

/** Keeps the stream open for as long as `run` runs. */
export class WorkLink {
  readonly #connection: Connection;
  readonly #name: string;
  #games: number;
  readonly #backoff: Backoff;
  readonly #log: WorkerLog;
  /** Finished games that the server has not acknowledged, by game id. */
  readonly #unacknowledged = new Map<string, SubmitGame>();
  #outgoing: MessageQueue<WorkRequest> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Between signs of life, as the last lease wants it; 0 before the first lease. */
  #heartbeatMs = 0;
  #stored = 0;

  /** @param options.games games that the worker plays at once, to begin with */
  constructor(connection: Connection, options: { name: string; games: number; backoff: Backoff; log: WorkerLog }) {
    this.#connection = connection;
    this.#name = options.name;
    this.#games = options.games;
    this.#backoff = options.backoff;
    this.#log = options.log;
  }

  /** Games acknowledged so far. */
  get stored(): number {
    return this.#stored;
  }

  /**
   * Serves until `signal` aborts, and then gives the leases back.
   *
   * @throws AppError when trying again cannot help: a bad token, a protocol version that the server does not speak
   */
  async run(host: LinkHost, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#stream(host, signal, () => (failures = 0));
      } catch (thrown) {
        const error = fromCall(thrown);
        if (isAborted(signal)) return;
        if (isLasting(error, failures++)) throw error;
        const waitMs = Math.round(this.#backoff.nextMs());
        this.#log('disconnected', {
          address: this.#connection.address,
          reason: error.message,
          unacknowledged: this.#unacknowledged.size,
          retryInMs: waitMs,
        });
        await pause(waitMs, signal);
      }
    }
  }

  /** Submits a finished game, now or as soon as there is a stream; the server answers with the next lease. */
  submit(leaseId: string, record: GameRecord): void {
    const submission = { leaseId, game: gameRecordToWire(record) };
    this.#unacknowledged.set(record.gameId, submission);
    this.#outgoing?.push({ body: { $case: 'submit', value: submission } });
  }

  /** Asks for leases for so many games at once from now on. */
  play(games: number): void {
    this.#games = games;
    this.#outgoing?.push({ body: { $case: 'heartbeat', value: { games } } });
  }

  /** Frees leases that will not be played. */
  giveBack(leaseIds: readonly string[]): void {
    this.#outgoing?.push({ body: { $case: 'giveBack', value: { leaseIds: [...leaseIds] } } });
  }

  /** One stream, until the server ends it or `signal` aborts. */
  async #stream(host: LinkHost, signal: AbortSignal, connected: () => void): Promise<void> {
    const outgoing = new MessageQueue<WorkRequest>();
    const call = new AbortController();
    let farewell: NodeJS.Timeout | undefined;
    const leave = (): void => {
      outgoing.push({ body: { $case: 'giveBack', value: { leaseIds: [] } } });
      outgoing.end();
      farewell = setTimeout(() => call.abort(), farewellMs);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#outgoing = outgoing;
    this.#greet(host, outgoing);
    try {
      const responses = this.#connection.client(SelfPlayServiceDefinition).work(outgoing, { signal: call.signal });
      for await (const response of responses) {
        this.#backoff.succeeded();
        connected();
        this.#receive(response, host, isAborted(signal));
      }
    } finally {
      signal.removeEventListener('abort', leave);
      clearTimeout(farewell);
      clearInterval(this.#heartbeat);
      this.#outgoing = undefined;
      outgoing.end();
    }
    if (!isAborted(signal)) throw new AppError('unavailable', 'The server ended the stream');
  }

  #greet(host: LinkHost, outgoing: MessageQueue<WorkRequest>): void {
    const leaseIds = [...host.leasesHeld()];
    // A name of its own for every stream: leases lost on the way run out instead of being kept alive by our heartbeats.
    const worker = `${this.#name}/${randomBytes(4).toString('hex')}`;
    const hello = { worker, games: this.#games, protocolVersion, leaseIds };
    outgoing.push({ body: { $case: 'hello', value: hello } });
    for (const value of this.#unacknowledged.values()) outgoing.push({ body: { $case: 'submit', value } });
    // The leases taken along need signs of life though no new lease may come for long.
    if (this.#heartbeatMs > 0) this.#beat();
  }

  #receive({ body }: WorkResponse, host: LinkHost, isLeaving: boolean): void {
    switch (body?.$case) {
      case 'lease':
        this.#beatEvery(body.value.expiresInMs / 3);
        if (!isLeaving) host.lease(body.value);
        break;
      case 'stored':
        if (this.#unacknowledged.delete(body.value.gameId)) this.#stored++;
        this.#log('game-stored', { gameId: body.value.gameId, stored: this.#stored });
        break;
      case 'refused':
        this.#unacknowledged.delete(body.value.gameId);
        this.#log('game-refused', { ...body.value });
        host.refused(body.value.gameId);
        break;
      case 'newModel':
        this.#log('new-model', { ...body.value });
        host.newModel(body.value.jobId, body.value.modelVersion);
        break;
      case 'idle':
        this.#log('idle', { ...body.value });
        break;
      case undefined:
        // A message of a later version of the contract.
        break;
    }
  }

  #beatEvery(ms: number): void {
    if (ms === this.#heartbeatMs) return;
    this.#heartbeatMs = ms;
    this.#beat();
  }

  #beat(): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      this.#outgoing?.push({ body: { $case: 'heartbeat', value: { games: 0 } } });
    }, this.#heartbeatMs);
  }
}

/** Read anew after every wait, which the compiler's narrowing does not know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits, but ends early without an error when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, signal).catch(() => undefined);
}
