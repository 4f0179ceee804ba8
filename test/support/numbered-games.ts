/** Work for the tests of leases. */

import { defaultRules } from '../../src/go/rules.js';
import type { JobWork, WorkSource } from '../../src/server/self-play/work-source.js';
import type { PlaySettings } from '../../src/trainer/go-data/work.js';
import type { StoredGame } from '../../src/trainer/go-data/stored-game.js';

const settings: PlaySettings = {
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
  maxMoves: 18,
  dirichletTotal: 0,
  lateTemperature: 0,
  earlyForkShare: 0,
  fullSearchAbove: 0,
};

/** Numbered games of one job, as many as `left` says: g0, g1 … */
export class NumberedGames implements WorkSource {
  left = 100;
  running = true;
  enoughSelfPlay = false;
  done = false;
  endJob: (jobId: string) => void = () => undefined;
  readonly stored: StoredGame[] = [];
  readonly #settings: PlaySettings;
  readonly #listeners = new Set<() => void>();
  #number = 0;

  constructor(changes: Partial<PlaySettings> = {}) {
    this.#settings = { ...settings, ...changes };
  }

  nextWork(): JobWork | undefined {
    if (this.left-- <= 0) return undefined;
    const number = this.#number++;
    return { jobId: 'j', work: { gameId: `g${number}`, seed: number, settings: this.#settings, modelVersion: 'm@1' } };
  }
  isRunning(): boolean {
    return this.running;
  }
  hasAllSelfPlay(): boolean {
    return this.enoughSelfPlay;
  }
  isDone(): Promise<boolean> {
    return Promise.resolve(this.done);
  }
  isStopped(): Promise<boolean> {
    return Promise.resolve(!this.running);
  }
  onDone(listener: (jobId: string) => void): () => void {
    this.endJob = listener;
    return () => undefined;
  }
  currentVersions(): ReadonlyMap<string, string> {
    return new Map();
  }
  gameStored(game: StoredGame): void {
    this.stored.push(game);
  }
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Makes the streams look for work again. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
