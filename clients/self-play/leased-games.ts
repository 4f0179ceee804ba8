/**
 * The leases of a worker and what it plays under them: one game, or the games of a tree one after the other, each
 * submitted as it ends.
 */

import { mean } from '../../src/core/statistics.js';
import type { GameRecord } from '../../src/go/game-record.js';
import type { Lease } from '../../src/proto/tengen/v1/self_play.js';
import { gameRecordFromWire } from '../../src/wire/game-record.js';
import { treeBytes } from './game-memory.js';
import type { GamePlayers } from './game-players.js';
import { taskFromLease, type GameTask } from './game-task.js';
import { ModelVersions } from './model-versions.js';
import { TreePlay } from './tree-play.js';
import type { LinkHost, WorkLink } from './work-link.js';
import type { WorkerLog } from './worker-log.js';

export interface LeasedGamesOptions {
  readonly link: Pick<WorkLink, 'submit' | 'giveBack'>;
  readonly players: Pick<GamePlayers, 'start'>;
  /** Leases that it takes; those beyond go back. */
  readonly games: number;
  readonly log: WorkerLog;
  /** Told of what no other lease would change. */
  readonly fail: (error: unknown) => void;
}

/** A lease in play. */
interface Play {
  readonly jobId: string;
  /** Versions of the job that were known when the game began. */
  versions: number;
  /** May change: a lease that ran out while we were cut off can come back to us under another name. */
  leaseId: string;
  /** Set for a tree. */
  readonly tree?: TreePlay;
  /** Games of the tree that are over. */
  variations: number;
  /** Gives up what is being played. */
  readonly dropped: AbortController;
}

/** The games in play, by the id of what is leased. */
export class LeasedGames implements LinkHost {
  readonly #options: LeasedGamesOptions;
  readonly #plays = new Map<string, Play>();
  readonly #versions = new ModelVersions();
  /** Of the largest tree of a game so far. */
  treeBytes = 1;

  constructor(options: LeasedGamesOptions) {
    this.#options = options;
  }

  /** Games, and game trees, in play. */
  get size(): number {
    return this.#plays.size;
  }

  /** Versions that come out while a game is played, on average: those in play are half over. */
  get versionsAGame(): number {
    const ages = Array.from(this.#plays.values(), ({ jobId, versions }) => this.#versions.count(jobId) - versions);
    return ages.length === 0 ? 0 : 2 * mean(ages);
  }

  leasesHeld(): readonly string[] {
    return Array.from(this.#plays.values(), ({ leaseId }) => leaseId);
  }

  newModel(jobId: string, modelVersion: string): void {
    this.#versions.announce(jobId, modelVersion);
  }

  lease(lease: Lease): void {
    try {
      this.#take(lease);
    } catch (error) {
      this.#options.fail(error);
    }
  }

  refused(gameId: string): void {
    for (const [treeId, { tree }] of this.#plays) {
      if (tree && (gameId === treeId || gameId.startsWith(`${treeId}.`))) this.#drop(treeId);
    }
  }

  #take(lease: Lease): void {
    const { gameId, leaseId } = lease;
    const known = this.#plays.get(gameId);
    if (known && lease.variations.length <= known.variations) {
      // Our lease ran out while we were cut off, and the game came back to us: it is already being played.
      known.leaseId = leaseId;
      return;
    }
    // The tree grew while we were cut off.
    this.#drop(gameId);
    const { link, games, log } = this.#options;
    if (this.#plays.size >= games) {
      link.giveBack([leaseId]);
      return;
    }
    const task = taskFromLease(lease);
    this.treeBytes = Math.max(this.treeBytes, treeBytes(task.settings));
    const { jobId } = task;
    const play = { leaseId, jobId, versions: 0, variations: lease.variations.length, dropped: new AbortController() };
    if (!task.settings.branching || task.match) {
      this.#start(task, play);
      return;
    }
    const tree = new TreePlay(task, lease.variations.map(gameRecordFromWire));
    if (tree.isComplete) {
      log('nothing-to-explore', { gameId, variations: play.variations });
      link.giveBack([leaseId]);
      return;
    }
    this.#start(task, { ...play, tree });
  }

  /** Starts the game of a lease, or the next one of its tree. */
  #start(leased: GameTask, play: Play): void {
    const { players, fail } = this.#options;
    const { gameId, jobId, match } = leased;
    const task = match ? leased : { ...leased, modelVersion: this.#versions.forLease(jobId, leased.modelVersion) };
    play.versions = this.#versions.count(jobId);
    this.#plays.set(gameId, play);
    const game = play.tree?.next(task.modelVersion) ?? { task };
    players.start(game, play.dropped.signal, (record) => this.#finished(leased, play, record), fail);
  }

  #finished(task: GameTask, play: Play, played: GameRecord): void {
    const record = play.tree?.finish(played) ?? played;
    this.#options.link.submit(play.leaseId, record);
    play.variations++;
    if (record.variation?.isLast === false) this.#start(task, play);
    else this.#plays.delete(task.gameId);
  }

  #drop(gameId: string): void {
    this.#plays.get(gameId)?.dropped.abort();
    this.#plays.delete(gameId);
  }
}
