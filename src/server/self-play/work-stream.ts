/** One worker's stream: hello, then leases out and games in until either side ends it. */

import { AppError, check } from '../../core/errors.js';
import { MessageQueue } from '../../core/message-queue.js';
import { hasControlCharacters, quoted } from '../../core/quoted.js';
import type * as pb from '../../proto/tengen/v1/self_play.js';
import { readMessage } from '../transport/asked-in-bytes.js';
import type { LeasedGame } from './lease-book.js';
import { leaseToWire } from './lease-message.js';
import { isTree } from './next-variation.js';
import { takeSubmission, type SubmissionContext } from './take-submission.js';
import { workReader, type WorkMessage } from './work-message.js';

const PROTOCOL_VERSION = 1;
const MAX_GAMES = 4096;
/** Games of one stream being stored at the same time; beyond it the worker waits. */
const MAX_STORING = 64;
const MAX_OUTGOING = 1024;

type Submit = Extract<WorkMessage, { readonly $case: 'submit' }>;
type Response = NonNullable<pb.WorkResponse['body']>;

/** A worker that said hello. */
export interface ConnectedWorker {
  /** The name that it gave itself. */
  readonly name: string;
  /** Games that it can play at once. */
  readonly games: number;
  /** Games that it holds leases for. */
  readonly leases: number;
  /** Games stored for it on this stream. */
  readonly storedGames: number;
}

export class WorkStream {
  readonly #context: SubmissionContext;
  readonly #outbox = new MessageQueue<pb.WorkResponse>(MAX_OUTGOING);
  readonly #storing = new Set<Promise<void>>();
  /** The version that this worker was told of last, by job. */
  readonly #versions = new Map<string, string>();
  /** Leases out with the worker. */
  readonly #held = new Set<string>();
  #worker = '';
  /** Games that the worker plays at once. */
  #games = 0;
  /** Leases that the worker is waiting for. */
  #owed = 0;
  /** How often the worker gave back all it had. */
  #returns = 0;
  #granting = false;
  #lookAgain = false;
  #toldIdle = false;
  #storedGames = 0;

  constructor(context: SubmissionContext) {
    this.#context = context;
  }

  /** Serves the stream; ends when the requests do and all that they asked for is answered. */
  async *serve(requests: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<pb.WorkResponse> {
    const stopListening = this.#context.source.onChange(() => this.workChanged());
    const stop = (): void => this.#outbox.end();
    signal.addEventListener('abort', stop, { once: true });
    void this.#receive(requests).then(
      () => this.#outbox.end(),
      (error: unknown) => this.#outbox.fail(error),
    );
    try {
      yield* this.#outbox;
    } finally {
      signal.removeEventListener('abort', stop);
      stopListening();
      this.#owed = 0;
      this.#context.logger.info({ worker: this.#worker }, 'worker-gone');
    }
  }

  /** The worker at the other end; undefined before its hello. */
  get worker(): ConnectedWorker | undefined {
    if (this.#worker === '') return undefined;
    return { name: this.#worker, games: this.#games, leases: this.#held.size, storedGames: this.#storedGames };
  }

  /** Looks again for leases owed, and for newer versions. */
  workChanged(): void {
    for (const [jobId, modelVersion] of this.#context.source.currentVersions()) {
      const told = this.#versions.get(jobId);
      if (told === undefined || told === modelVersion) continue;
      this.#versions.set(jobId, modelVersion);
      this.#send({ $case: 'newModel', value: { jobId, modelVersion } });
    }
    void this.#grant();
  }

  /** However the requests end, the games that came before are stored and answered. */
  async #receive(requests: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#readAll(requests);
    } finally {
      await Promise.all(this.#storing);
    }
  }

  async #readAll(requests: AsyncIterable<Uint8Array>): Promise<void> {
    let count = 0;
    for await (const bytes of requests) {
      const body = await readMessage(bytes, ++count, { reader: workReader, pool: this.#context.messages });
      check(body !== undefined, 'A work message is empty; it must hold hello, submit, give_back or heartbeat');
      if (this.#worker === '' && body.$case !== 'hello') {
        throw new AppError('failed-precondition', `The first message is ${body.$case}; it must be hello`);
      }
      switch (body.$case) {
        case 'hello':
          this.#hello(body.value);
          break;
        case 'heartbeat':
          this.#context.book.heartbeat(this.#worker);
          if (body.value.games > 0) this.#resize(body.value.games);
          break;
        case 'giveBack':
          await this.#giveBack(body.value.leaseIds);
          break;
        case 'submit':
          this.#submit(body);
          if (this.#storing.size >= MAX_STORING) await Promise.race(this.#storing);
          break;
      }
      await this.#outbox.room();
    }
  }

  #hello({ worker, games, protocolVersion, leaseIds }: pb.Hello): void {
    if (this.#worker !== '') throw new AppError('failed-precondition', 'hello was said already on this stream');
    if (protocolVersion !== PROTOCOL_VERSION) {
      throw new AppError(
        'failed-precondition',
        `protocol_version is ${protocolVersion}; this server speaks version ${PROTOCOL_VERSION}`,
      );
    }
    check(
      worker !== '' && worker.length <= 200 && !hasControlCharacters(worker),
      () => `worker is ${quoted(worker)}; it must be a name of 1 to 200 characters, no control characters among them`,
    );
    checkGames(games);
    this.#worker = worker;
    this.#context.logger.info({ worker, games }, 'worker-here');
    this.#context.book.adopt(worker, leaseIds);
    this.#games = games;
    for (const leaseId of leaseIds) this.#held.add(leaseId);
    this.#ask(games);
  }

  /** The worker plays another number of games at once from now on. */
  #resize(games: number): void {
    checkGames(games);
    const more = games - this.#games;
    this.#games = games;
    this.#ask(more);
  }

  async #giveBack(leaseIds: readonly string[]): Promise<void> {
    for (const leaseId of leaseIds) this.#held.delete(leaseId);
    if (leaseIds.length === 0) {
      this.#held.clear();
      // Also the leases that games still on their way in would have brought: the worker is about to leave.
      this.#owed = 0;
      this.#returns++;
    }
    await this.#context.book.giveBack(this.#worker, leaseIds);
  }

  #submit(submit: Submit): void {
    const storing = this.#store(submit)
      .catch((error: unknown) => this.#outbox.fail(error))
      .finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  /** Answers a submission; a lease that ends with it is replaced. */
  async #store({ leaseId, game }: Submit): Promise<void> {
    check(game !== undefined, 'submit holds no game');
    const returns = this.#returns;
    const { responses, endedLease } = await takeSubmission(this.#context, { worker: this.#worker, leaseId, game });
    for (const response of responses) {
      if (response.$case === 'stored') this.#storedGames++;
      this.#send(response);
    }
    if (endedLease === undefined) return;
    this.#held.delete(leaseId);
    this.#held.delete(endedLease);
    if (returns === this.#returns) this.#ask(1);
  }

  /** Owes the worker `count` leases more, but with those it holds no more than the games it plays at once. */
  #ask(count: number): void {
    this.#owed = Math.max(0, Math.min(this.#owed + count, this.#games - this.#held.size));
    void this.#grant();
  }

  /** Hands out what is owed, one grant at a time; called while one is under way, it makes that one look again. */
  async #grant(): Promise<void> {
    this.#lookAgain = true;
    if (this.#granting) return;
    this.#granting = true;
    const { book } = this.#context;
    try {
      while (this.#lookAgain && this.#owed > 0 && !this.#outbox.hasEnded()) {
        this.#lookAgain = false;
        const leases = await book.grant(this.#worker, this.#owed);
        this.#owed = Math.max(0, this.#owed - leases.length);
        for (const { leaseId } of leases) this.#held.add(leaseId);
        const messages = await Promise.all(leases.map((lease) => this.#toWire(lease)));
        if (this.#outbox.hasEnded() && leases.length > 0) {
          await book.giveBack(
            this.#worker,
            leases.map(({ leaseId }) => leaseId),
          );
        }
        for (const lease of messages) {
          if (lease.modelVersion !== '') this.#versions.set(lease.jobId, lease.modelVersion);
          this.#send({ $case: 'lease', value: lease });
        }
        if (this.#owed > 0 && leases.length > 0) this.#lookAgain = true;
        if (leases.length === 0) this.#idle();
        else this.#toldIdle = false;
      }
    } catch (error) {
      this.#outbox.fail(error);
    } finally {
      this.#granting = false;
    }
  }

  async #toWire(lease: LeasedGame): Promise<pb.Lease> {
    const { book, trees } = this.#context;
    const { gameId } = lease.work;
    const stored = isTree(lease.work) ? await trees.inTurn(gameId, () => trees.read(gameId)) : [];
    return leaseToWire(lease, book.leaseMs, stored);
  }

  #idle(): void {
    if (this.#toldIdle) return;
    this.#toldIdle = true;
    const reason =
      this.#context.source.currentVersions().size === 0 ? 'No job is running' : 'The jobs have no game to play now';
    this.#send({ $case: 'idle', value: { reason } });
  }

  #send(body: Response): void {
    this.#outbox.push({ body });
  }
}

function checkGames(games: number): void {
  check(games >= 1 && games <= MAX_GAMES, `games is ${games}; it must be from 1 to ${MAX_GAMES}`);
}
