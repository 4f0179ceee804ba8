/**
 * Which games are out with which worker; a game tree counts as one game here. A game leaves the book when it is stored;
 * until then it is leased, or free again after its worker gave it back, fell silent, or sent a game that was refused. A
 * free game is played again under the same id and seed. Every grant is durable before the worker hears of it, so a server
 * that was killed knows the games that come back to it.
 */

import { randomBytes } from 'node:crypto';
import type { LeaseRow, LeaseStore } from '../../store/store.js';
import type { Work } from '../../trainer/go-data/work.js';
import type { WorkSource } from './work-source.js';

export interface LeasedGame {
  readonly jobId: string;
  readonly work: Work;
  /** '' while the game is free. */
  readonly leaseId: string;
  /** '' while the game is free. */
  readonly worker: string;
  readonly expiresAtMs: number;
}

export interface LeaseBookOptions {
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** How long a lease lasts after its grant and after each sign of life. */
  readonly leaseMs: number;
}

/** The games handed out and not yet back. */
export class LeaseBook {
  readonly leaseMs: number;
  readonly #now: () => number;
  readonly #store: LeaseStore;
  readonly #source: WorkSource;
  readonly #games = new Map<string, LeasedGame>();
  /** Jobs whose games are not kept any more. */
  readonly #done = new Set<string>();

  /** Reads the book kept in the store; each worker has a whole lease's time to come back. */
  static async open(store: LeaseStore, source: WorkSource, options: LeaseBookOptions): Promise<LeaseBook> {
    const book = new LeaseBook(store, source, options);
    const expiresAtMs = options.now() + options.leaseMs;
    const rows = await store.all();
    for (const jobId of new Set(rows.map((row) => row.jobId))) if (await source.isDone(jobId)) book.#done.add(jobId);
    await store.remove(rows.filter(({ jobId }) => book.#done.has(jobId)).map(({ gameId }) => gameId));
    for (const { gameId, jobId, leaseId, worker, workJson } of rows) {
      if (book.#done.has(jobId)) continue;
      book.#games.set(gameId, { jobId, work: JSON.parse(workJson) as Work, leaseId, worker, expiresAtMs });
    }
    // Rows that cannot be removed now are removed when the book is opened again.
    source.onDone((jobId) => void book.#drop(jobId).catch(() => undefined));
    return book;
  }

  private constructor(store: LeaseStore, source: WorkSource, options: LeaseBookOptions) {
    this.#store = store;
    this.#source = source;
    this.#now = options.now;
    this.leaseMs = options.leaseMs;
  }

  /** The game of this id if it is not stored yet. */
  find(gameId: string): LeasedGame | undefined {
    return this.#games.get(gameId);
  }

  /** Games in the book, leased or free. */
  get size(): number {
    return this.#games.size;
  }

  /**
   * Leases up to `count` games, free ones first; fewer if there is no more work.
   *
   * @throws AppError if the grant cannot be made durable; the games are then free
   */
  async grant(worker: string, count: number): Promise<readonly LeasedGame[]> {
    const granted: LeasedGame[] = [];
    const expiresAtMs = this.#now() + this.leaseMs;
    const take = (jobId: string, work: Work): void => {
      const lease = { jobId, work, leaseId: randomBytes(8).toString('hex'), worker, expiresAtMs };
      this.#games.set(work.gameId, lease);
      granted.push(lease);
    };
    for (const { jobId, work } of this.#freeGames()) {
      if (granted.length === count) break;
      take(jobId, work);
    }
    while (granted.length < count) {
      const next = this.#source.nextWork();
      if (!next) break;
      take(next.jobId, next.work);
    }
    if (granted.length === 0) return granted;
    try {
      await this.#store.put(granted.map(toRow));
    } catch (error) {
      for (const lease of granted) this.#release(lease);
      throw error;
    }
    return granted;
  }

  /** Leases that a worker holds from an earlier stream go on under its new name; others' and stored games stay put. */
  adopt(worker: string, leaseIds: readonly string[]): void {
    const held = new Set(leaseIds);
    for (const [gameId, lease] of this.#games) {
      if (lease.leaseId !== '' && held.has(lease.leaseId)) this.#games.set(gameId, { ...lease, worker });
    }
    this.heartbeat(worker);
  }

  /** Extends every lease of a worker. */
  heartbeat(worker: string): void {
    const expiresAtMs = this.#now() + this.leaseMs;
    for (const [gameId, lease] of this.#games) {
      if (lease.worker === worker) this.#games.set(gameId, { ...lease, expiresAtMs });
    }
  }

  /** Extends one lease. @returns whether it holds the game */
  extend(gameId: string, leaseId: string): boolean {
    const lease = this.#games.get(gameId);
    if (lease?.leaseId !== leaseId) return false;
    this.#games.set(gameId, { ...lease, expiresAtMs: this.#now() + this.leaseMs });
    return true;
  }

  /** Frees leases of a worker: those named, or all of them if none is. */
  async giveBack(worker: string, leaseIds: readonly string[]): Promise<void> {
    const named = new Set(leaseIds);
    const freed = [...this.#games.values()].filter(
      (lease) => lease.worker === worker && (named.size === 0 || named.has(lease.leaseId)),
    );
    await this.#free(freed);
  }

  /** Frees a game that its worker plays no more, as when what it sent was refused, if that lease still holds it. */
  async refuse(gameId: string, leaseId: string): Promise<void> {
    const lease = this.#games.get(gameId);
    if (lease && lease.leaseId === leaseId) await this.#free([lease]);
  }

  /** Takes a stored game out of the book; the store has removed its row together with storing the game. */
  stored(gameId: string): void {
    this.#games.delete(gameId);
  }

  /** Whether a game is waiting to be played again. */
  get hasFree(): boolean {
    return !this.#freeGames().next().done;
  }

  *#freeGames(): Generator<LeasedGame> {
    const now = this.#now();
    for (const lease of this.#games.values()) {
      const isFree = lease.leaseId === '' || lease.expiresAtMs <= now;
      if (isFree && this.#isWanted(lease)) yield lease;
    }
  }

  #isWanted({ jobId, work }: LeasedGame): boolean {
    return this.#source.isRunning(jobId) && (work.match !== undefined || !this.#source.hasAllSelfPlay(jobId));
  }

  /** Forgets the games of a job that is done; those still being played stay until they come back. */
  async #drop(jobId: string): Promise<void> {
    this.#done.add(jobId);
    const games = [...this.#games.values()].filter((game) => game.jobId === jobId);
    for (const { work, leaseId } of games) if (leaseId === '') this.#games.delete(work.gameId);
    await this.#store.remove(games.map(({ work }) => work.gameId));
  }

  async #free(leases: readonly LeasedGame[]): Promise<void> {
    const kept = leases.filter(({ jobId }) => !this.#done.has(jobId));
    for (const { jobId, work } of leases) if (this.#done.has(jobId)) this.#games.delete(work.gameId);
    await this.#store.put(kept.map((lease) => toRow(this.#release(lease))));
  }

  #release(lease: LeasedGame): LeasedGame {
    const free = { ...lease, leaseId: '', worker: '', expiresAtMs: 0 };
    // A game that was stored meanwhile must not come back.
    if (this.#games.has(lease.work.gameId)) this.#games.set(lease.work.gameId, free);
    return free;
  }
}

function toRow({ jobId, work, leaseId, worker, expiresAtMs }: LeasedGame): LeaseRow {
  return { gameId: work.gameId, jobId, leaseId, worker, expiresAtMs, workJson: JSON.stringify(work) };
}
