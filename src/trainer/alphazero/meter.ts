/**
 * Counts and times what a job does: the figures of its progress, how far it has come, how much waits for training.
 */

import { Condition } from '../../core/condition.js';
import type { GameRecord } from '../../go/game-record.js';
import { countRows } from '../go-data/game-rows.js';
import type { TrainerState } from './checkpoint.js';
import type { AlphaZeroConfig } from './config.js';
import type { TrainingReport } from './training.js';

/** Time between two `train` points of progress. */
const REPORT_MS = 1000;
/** Speeds are those of about the last so many milliseconds. */
const SPEED_MS = 30_000;

interface Mark {
  readonly atMs: number;
  readonly games: number;
  readonly positions: number;
}

/** One for a run of a job. */
export class Meter {
  readonly #config: AlphaZeroConfig;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #earlierMs = 0;
  #games = 0;
  #positions = 0;
  #moves = 0;
  #movesOfGames = 0;
  #backlog = 0;
  #report: TrainingReport | undefined;
  #sums = new Map<string, number>();
  #summedSteps = 0;
  #means: Readonly<Record<string, number>> = {};
  #reportedAtMs = -Infinity;
  #marks: Mark[] = [];
  #step = 0;
  #isStopped = false;
  readonly #taken = new Condition();

  constructor(config: AlphaZeroConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** Continues from a checkpoint. */
  resume(elapsedMs: number, { games, rows, step }: TrainerState): void {
    this.#earlierMs = elapsedMs;
    this.#games = games;
    this.#positions = rows;
    this.#step = step;
  }

  /** Time in all runs. */
  get elapsedMs(): number {
    return this.#earlierMs + this.#now() - this.#startedAtMs;
  }

  /** Games queued for training and not yet taken. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Training positions collected. */
  get positions(): number {
    return this.#positions;
  }

  get step(): number {
    return this.#step;
  }

  /** Share of the job that is done, 0 to 1: by its time, games or positions, whichever is furthest. */
  progress(): number {
    const { minutes, maxGames, maxPositions } = this.#config;
    const share = (done: number, limit: number): number => (limit > 0 ? done / limit : 0);
    const most = Math.max(
      share(this.elapsedMs, minutes * 60_000),
      share(this.#games, maxGames),
      share(this.#positions, maxPositions),
    );
    return Math.min(1, most);
  }

  /** A game goes to training; `record` is left out if the checkpoint has counted it. */
  queued(record: GameRecord | undefined): void {
    this.#backlog++;
    if (!record) return;
    this.#games++;
    this.#positions += countRows(record, this.#config.cheapPositions);
    this.#moves += record.moves.length;
    this.#movesOfGames++;
  }

  /** Training has taken a game or made a step. */
  trained(report: TrainingReport): void {
    this.#report = report;
    this.#step = report.step;
    this.#backlog -= report.taken;
    if (report.metrics) {
      this.#summedSteps++;
      for (const [name, value] of Object.entries(report.metrics)) {
        this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
      }
    }
    this.#taken.notifyAll();
  }

  /** Resolves when fewer than `backlog` games wait, or the job ends. */
  waitForBacklog(backlog: number): Promise<void> {
    return this.#taken.until(() => this.#backlog < backlog || this.#isStopped);
  }

  /** Lets whoever waits go. */
  stop(): void {
    this.#isStopped = true;
    this.#taken.notifyAll();
  }

  /** Whether it is time for a `train` point; says so once each second. */
  isReportDue(): boolean {
    const now = this.#now();
    if (now - this.#reportedAtMs < REPORT_MS) return false;
    this.#reportedAtMs = now;
    if (this.#summedSteps > 0) {
      this.#means = Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / this.#summedSteps]));
      this.#sums = new Map();
      this.#summedSteps = 0;
    }
    this.#marks.push({ atMs: now, games: this.#games, positions: this.#positions });
    while (this.#marks.length > 2 && now - this.#marks[1]!.atMs >= SPEED_MS) this.#marks.shift();
    return true;
  }

  /** Figures by the names that progress uses; losses are means over the steps between the last two reports. */
  metrics(): Record<string, number> {
    const first = this.#marks[0];
    const seconds = first ? (this.#now() - first.atMs) / 1000 : 0;
    return {
      games: this.#games,
      positions: this.#positions,
      step: this.#step,
      window: this.#report?.window ?? 0,
      backlog: this.#backlog,
      elapsedSeconds: this.elapsedMs / 1000,
      progress: this.progress(),
      ...(first && seconds > 0
        ? {
            positionsPerSecond: (this.#positions - first.positions) / seconds,
            gamesPerMinute: ((this.#games - first.games) / seconds) * 60,
          }
        : {}),
      ...(this.#movesOfGames > 0 && { movesPerGame: this.#moves / this.#movesOfGames }),
      ...this.#report?.trees,
      ...this.#means,
    };
  }
}
