/** Self-play workers on one lease book: games that come late, twice or never, connections that break, and time that passes. */

import fc from 'fast-check';
import type { CallContext } from 'nice-grpc';
import { pino } from 'pino';
import { Condition } from '../../src/core/condition.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { defaultRules } from '../../src/go/rules.js';
import { WorkRequest, type Lease, type WorkResponse } from '../../src/proto/tengen/v1/self_play.js';
import { LeaseBook } from '../../src/server/self-play/lease-book.js';
import { makeSelfPlayService, type SelfPlay } from '../../src/server/self-play/self-play-service.js';
import type { JobWork, WorkSource } from '../../src/server/self-play/work-source.js';
import type { Call } from '../../src/store/sqlite/operations.js';
import { ThreadPool } from '../../src/threads/pool.js';
import type { StoredGame } from '../../src/trainer/go-data/stored-game.js';
import { playLease } from '../faults/random-worker.js';
import { actor, Promises, settle, subject, turn } from './explore.js';
import { scheduledStore, type ScheduledStore } from './scheduled-store.js';

const LEASE_MS = 1000;
const JOB = 'alphazero-1';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant('submit' as const) },
  { weight: 2, arbitrary: fc.constantFrom('submit twice' as const, 'heartbeat' as const, 'give back one' as const) },
  { weight: 1, arbitrary: fc.constantFrom('give back all' as const, 'break' as const, 'submit late' as const) },
  { weight: 1, arbitrary: fc.constantFrom('submit nonsense' as const, 'reconnect' as const) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Workers with a few steps each, and a clock that moves on by parts of a lease's time. */
export const leases = subject(
  'leases',
  fc.record({
    games: fc.integer({ min: 1, max: 5 }),
    workers: fc.array(
      fc.record({ games: fc.integer({ min: 1, max: 2 }), steps: fc.array(step, { minLength: 1, maxLength: 5 }) }),
      { minLength: 1, maxLength: 3 },
    ),
    clock: fc.array(fc.constantFrom(300, 600, 1000), { maxLength: 4 }),
  }),
  async (scheduler, { games, workers, clock }) => {
    const world = await settle(scheduler, World.open(scheduler, games));
    const crew = workers.map(({ games: atOnce, steps }, i) => new Worker(world, `worker ${i}`, atOnce).follow(steps));
    const time = clock.map((ms) => () => world.pass(ms));
    await settle(scheduler, Promise.all([...crew, actor(scheduler, 'clock', time)]));
    await settle(scheduler, world.playTheRest());
    world.checkEnd();
  },
);

interface Held {
  readonly leaseId: string;
  /** What the worker plays under. */
  worker: string;
  expiresAtMs: number;
}

class World implements WorkSource {
  readonly promises = new Promises();
  readonly scheduler: fc.Scheduler;
  readonly #stored: ScheduledStore;
  readonly #games: number;
  /** Who holds each game by the rules; not known to the book. */
  readonly #held = new Map<string, Held>();
  readonly #told: string[] = [];
  selfPlay!: SelfPlay;
  nowMs = 0;
  #book!: LeaseBook;
  #next = 0;
  #connections = 0;

  static async open(scheduler: fc.Scheduler, games: number): Promise<World> {
    const world = new World(scheduler, games);
    const { store } = world.#stored;
    world.#book = await LeaseBook.open(store.leases, world, { now: () => world.nowMs, leaseMs: LEASE_MS });
    const parts = { book: world.#book, source: world, store, logger: pino({ level: 'silent' }) };
    // The games are short, so that no thread is ever started.
    const messages = new ThreadPool({ name: 'messages', threads: 1, waiting: 0 });
    world.selfPlay = makeSelfPlayService({ ...parts, messages });
    return world;
  }

  private constructor(scheduler: fc.Scheduler, games: number) {
    this.scheduler = scheduler;
    this.#games = games;
    this.#stored = scheduledStore(scheduler, {
      asked: (call) => this.#asked(call),
      happened: (call) => this.#happened(call),
    });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.selfPlay.sweep();
  }

  /** A name as no connection had before. */
  connectionOf(worker: string): string {
    return `${worker}/${this.#connections++}`;
  }

  isStored(gameId: string): boolean {
    return this.#stored.now.hasGame(gameId);
  }

  /** Extends what a worker holds: the server has read a sign of life. */
  seen(worker: string): void {
    for (const held of this.#held.values()) if (held.worker === worker) held.expiresAtMs = this.nowMs + LEASE_MS;
  }

  /** What a worker holds goes on under another name: the server has read its hello. */
  adopted(worker: string, leaseIds: readonly string[]): void {
    for (const held of this.#held.values()) if (leaseIds.includes(held.leaseId)) held.worker = worker;
    this.seen(worker);
  }

  /** One more worker, faultless, plays what is left when all leases have run out. */
  async playTheRest(): Promise<void> {
    this.pass(LEASE_MS);
    const worker = new Worker(this, 'last', 2);
    const over = worker.follow([]);
    // Nothing more comes once it is told that there is nothing.
    await worker.playUntilIdle();
    worker.leave();
    await over;
  }

  checkEnd(): void {
    const ids = Array.from({ length: this.#games }, (_, i) => `g${i}`);
    for (const id of ids) this.promises.expect(this.isStored(id), `${id} was never stored`);
    const twice = this.#told.filter((id, i) => this.#told.indexOf(id) !== i);
    this.promises.expect(twice.length === 0, `The job was told twice of ${twice.join(', ')}`);
    this.promises.expect(this.#told.length === this.#games, `The job was told of ${this.#told.length} games`);
    this.promises.expect(this.#book.size === 0, `The book still has ${this.#book.size} games`);
    const rows = this.#stored.now.allLeases().map(({ gameId }) => gameId);
    this.promises.expect(rows.length === 0, `The store still has the leases of ${rows.join(', ')}`);
    const streams = this.selfPlay.workers().map(({ name }) => name);
    this.promises.expect(streams.length === 0, `The streams of ${streams.join(', ')} are open`);
    this.promises.check();
  }

  /** The book asks for its rows to be kept at the moment when it changes. */
  #asked({ name, args }: Call): void {
    if (name !== 'putLeases') return;
    for (const { gameId, leaseId, worker, expiresAtMs } of args[0]) {
      const before = this.#held.get(gameId);
      this.#held.delete(gameId);
      if (leaseId === '') continue;
      const isHeld = before !== undefined && before.expiresAtMs > this.nowMs;
      this.promises.expect(!isHeld, `${gameId} was leased to ${worker} while ${before?.worker ?? ''} holds it`);
      this.#held.set(gameId, { leaseId, worker, expiresAtMs });
    }
  }

  #happened({ name, args }: Call): void {
    if (name === 'putGame') this.#held.delete(args[0].gameId);
  }

  nextWork(): JobWork | undefined {
    if (this.#next >= this.#games) return undefined;
    const number = this.#next++;
    return { jobId: JOB, work: { gameId: `g${number}`, seed: number, settings, modelVersion: 'm@1' } };
  }
  isRunning(): boolean {
    return true;
  }
  hasAllSelfPlay(): boolean {
    return false;
  }
  isDone(): Promise<boolean> {
    return Promise.resolve(false);
  }
  isStopped(): Promise<boolean> {
    return Promise.resolve(false);
  }
  onDone(): () => void {
    return () => undefined;
  }
  currentVersions(): ReadonlyMap<string, string> {
    return new Map([[JOB, 'm@1']]);
  }
  gameStored({ record }: StoredGame): void {
    this.#told.push(record.gameId);
  }
  onChange(): () => void {
    return () => undefined;
  }
}

/** One worker, over any number of connections. */
class Worker {
  readonly #world: World;
  readonly #name: string;
  readonly #games: number;
  #connection = '';
  #outgoing = new MessageQueue<WorkRequest>();
  #call = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #leases: Lease[] = [];
  #submitted: Lease[] = [];
  #isIdle = false;
  readonly #changed = new Condition();

  constructor(world: World, name: string, games: number) {
    this.#world = world;
    this.#name = name;
    this.#games = games;
    this.#connect([]);
  }

  async follow(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return this.#reading;
    await actor(
      this.#world.scheduler,
      this.#name,
      steps.map((each) => () => this.#do(each)),
    );
    this.leave();
    await this.#reading;
  }

  async playUntilIdle(): Promise<void> {
    while (!this.#isIdle || this.#leases.length > 0 || this.#submitted.length > 0) {
      if (this.#leases.length > 0) this.#submit(1);
      else await this.#changed.wait();
    }
  }

  /** Half-closes the connection. */
  leave(): void {
    this.#outgoing.end();
  }

  async #do(step: Step): Promise<void> {
    if (step === 'submit') this.#submit(1);
    if (step === 'submit twice') this.#submit(2);
    if (step === 'submit nonsense') this.#submit(1, 'nonsense');
    if (step === 'submit late') {
      const lease = this.#leases[0];
      this.#world.pass(LEASE_MS);
      await turn(this.#world.scheduler, 'late');
      if (lease) this.#submit(1);
    }
    if (step === 'heartbeat') this.#say({ $case: 'heartbeat', value: { games: 0 } });
    if (step === 'give back one') {
      const lease = this.#leases.pop();
      if (lease) this.#say({ $case: 'giveBack', value: { leaseIds: [lease.leaseId] } });
    }
    if (step === 'give back all') {
      this.#leases = [];
      this.#say({ $case: 'giveBack', value: { leaseIds: [] } });
    }
    if (step === 'break' || step === 'reconnect') {
      this.#call.abort();
      this.#outgoing.end();
      const kept = step === 'reconnect' ? [...this.#leases, ...this.#submitted] : [];
      this.#connect(kept);
      if (step === 'reconnect') for (const lease of this.#submitted) this.#send(lease);
    }
  }

  #connect(kept: Lease[]): void {
    this.#outgoing = new MessageQueue();
    this.#call = new AbortController();
    this.#leases = this.#leases.filter((lease) => kept.includes(lease));
    this.#submitted = this.#submitted.filter((lease) => kept.includes(lease));
    this.#connection = this.#world.connectionOf(this.#name);
    const leaseIds = kept.map(({ leaseId }) => leaseId);
    const before = this.#reading;
    const reading = this.#read(this.#connection, this.#outgoing, this.#call.signal);
    this.#reading = Promise.all([before, reading]).then(() => undefined);
    this.#say({
      $case: 'hello',
      value: { worker: this.#connection, games: this.#games, protocolVersion: 1, leaseIds },
    });
  }

  #submit(times: number, how?: 'nonsense'): void {
    const lease = this.#leases.shift();
    if (!lease) return;
    this.#submitted.push(lease);
    for (let time = 0; time < times; time++) this.#send(lease, how);
  }

  #send(lease: Lease, how?: 'nonsense'): void {
    const game = playLease(lease);
    const value = { leaseId: lease.leaseId, game: how === undefined ? game : { ...game, size: 4 } };
    this.#say({ $case: 'submit', value });
  }

  #say(body: NonNullable<WorkRequest['body']>): void {
    this.#outgoing.push({ body });
  }

  async #read(worker: string, outgoing: AsyncIterable<WorkRequest>, signal: AbortSignal): Promise<void> {
    const context = { signal } as CallContext;
    const responses = this.#world.selfPlay.service.work(this.#arriving(worker, outgoing, signal), context);
    for await (const { body } of responses as AsyncIterable<WorkResponse>) {
      if (signal.aborted) break;
      if (body?.$case === 'lease') this.#leases.push(body.value);
      if (body?.$case === 'stored' || body?.$case === 'refused') this.#answered(body.$case, body.value.gameId);
      this.#isIdle = body?.$case === 'idle' || (this.#isIdle && body?.$case === 'stored');
      this.#changed.notifyAll();
    }
  }

  #answered(how: 'stored' | 'refused', gameId: string): void {
    const { promises } = this.#world;
    if (how === 'stored')
      promises.expect(this.#world.isStored(gameId), `${gameId} was acknowledged before it was stored`);
    this.#submitted = this.#submitted.filter((lease) => lease.gameId !== gameId);
  }

  /** Messages as they come over the network: late, and not at all once the connection is broken. */
  async *#arriving(
    worker: string,
    outgoing: AsyncIterable<WorkRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    for await (const request of outgoing) {
      await turn(this.#world.scheduler, request.body?.$case ?? '');
      if (signal.aborted) return;
      yield WorkRequest.encode(request).finish();
      // The next message is asked for: this one has been seen to.
      const { body } = request;
      if (body?.$case === 'heartbeat') this.#world.seen(worker);
      if (body?.$case === 'hello') this.#world.adopted(worker, body.value.leaseIds);
    }
  }
}

const settings = {
  size: 3,
  rules: defaultRules(3),
  visits: 1,
  cheapVisits: 0,
  fullSearchShare: 1,
  gumbelRoot: true,
  gumbelActions: 2,
  temperatureMoves: 0,
  resignThreshold: -1,
  resignPlayoutShare: 0,
  maxMoves: 4,
  dirichletTotal: 0,
  lateTemperature: 0,
  earlyForkShare: 0,
  fullSearchAbove: 0,
};
