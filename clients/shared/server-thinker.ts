/** The search of the server, with the methods of a thinker: whoever searches need not know where. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { GameState } from '../../src/player/game-state.js';
import type { Opinion } from '../../src/player/opinion.js';
import { namedParameters } from '../../src/player/search-parameters.js';
import type { ThinkerTuning } from '../../src/player/thinker.js';
import { Priority } from '../../src/proto/tengen/v1/evaluator.js';
import type { SearchReport, StartSearch } from '../../src/proto/tengen/v1/search.js';
import { evaluationFromWire } from '../../src/wire/evaluation.js';
import { opinionFromWire } from '../../src/wire/search-report.js';
import { Backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { precisionFromWire, type GamePrecision } from './game-precision.js';
import type { AskOptions, GameThinker } from './game-thinker.js';
import { RetryQueue } from './retry-queue.js';
import { SearchLink } from './search-link.js';
import { errorFromStatus } from './status.js';

/** How the server is asked. */
export interface ServerThinkerOptions {
  readonly connection: Connection;
  /** name, name@version, or empty for the promoted one. */
  readonly model: string;
  /** Asked at the start of every search. */
  readonly tuning: () => ThinkerTuning;
  /** Of the game that is on. */
  readonly precision: () => GamePrecision;
  /** Milliseconds in which a search is begun again after its connection was lost or the server was busy. */
  readonly patienceMs: number;
  /** Told of errors that ended a search early without making it useless. */
  readonly onTrouble: (error: AppError) => void;
  /** Whether `evaluation` is wanted. */
  readonly network?: boolean;
}

/** Longest wait for the final report of a search that was stopped: a move must be made in time where the server is silent. */
const STOP_PATIENCE_MS = 500;
/** Longest wait between two attempts. */
const MAX_RETRY_MS = 5000;
/** What the messages take. */
const MOST_VISITS = 10_000_000;
const LONGEST_MS = 2 ** 31 - 1;

/** One search at a time. */
export class ServerThinker implements GameThinker {
  /** What the network alone says of the position that was searched last; undefined if it was not asked. */
  evaluation: GoEvaluation | undefined;
  readonly #options: ServerThinkerOptions;
  #link: SearchLink | undefined;

  constructor(options: ServerThinkerOptions) {
    this.#options = options;
  }

  /** Forgets everything: the server's game, too. */
  clear(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  /** As `Thinker.think`. A search whose connection is lost is begun again. */
  async *think(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion> {
    const { onTrouble, patienceMs } = this.#options;
    const { stop, timeMs = Infinity } = options;
    const started = performance.now();
    const backoff = new Backoff(new Rng(process.pid), MAX_RETRY_MS);
    const nothing = emptyOpinion(root.size);
    let latest = nothing;
    this.evaluation = undefined;
    for (;;) {
      if (stop?.aborted) return latest;
      try {
        const left = timeMs - (performance.now() - started);
        const search = this.#search(game, root, { ...options, timeMs: left });
        let step = await search.next();
        for (; !step.done; step = await search.next()) yield (latest = step.value);
        return step.value;
      } catch (thrown) {
        const error = AppError.from(thrown);
        if (stop?.aborted) return latest;
        const isLate = performance.now() - started >= Math.min(patienceMs, timeMs);
        if (!RetryQueue.helps(error) || isLate) {
          if (latest === nothing || error.kind === 'internal') throw error;
          onTrouble(error);
          return latest;
        }
        await backoff.wait(stop).catch(() => undefined);
      }
    }
  }

  async *#search(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion> {
    const { connection, model, precision, onTrouble } = this.#options;
    if (!this.#link || this.#link.isClosed) this.#link = new SearchLink(connection, model);
    const link = this.#link;
    link.follow(game, precision());
    const id = link.search(this.#request(game, root, options));
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      link.stop(id);
      timer = setTimeout(() => link.close(), STOP_PATIENCE_MS);
    };
    options.stop?.addEventListener('abort', stop, { once: true });
    let isDone = false;
    try {
      for (;;) {
        const answer = await link.next();
        if (answer.$case !== 'report') continue;
        const report = answer.value;
        const opinion = this.#read(report, root.size);
        isDone = report.isFinal;
        if (report.trouble) onTrouble(errorFromStatus(report.trouble.code, report.trouble.message));
        if (isDone) return opinion;
        yield opinion;
      }
    } finally {
      clearTimeout(timer);
      options.stop?.removeEventListener('abort', stop);
      // Reports of a search that nobody reads would be taken for those of the next one.
      if (!isDone) link.close();
    }
  }

  #read(report: SearchReport, size: number): Opinion {
    const precision = precisionFromWire(report.precision);
    if (precision) this.#options.precision().heard(precision);
    if (report.network) this.evaluation = evaluationFromWire(report.network, size);
    return opinionFromWire(report, size);
  }

  #request(game: GameState, root: Position, options: AskOptions): StartSearch {
    const { visits, timeMs = Infinity, reportMs = Infinity, restrictions = [] } = options;
    const tuning = this.#options.tuning();
    return {
      visits: Math.min(visits, MOST_VISITS),
      timeMs: isFinite(timeMs) ? Math.min(LONGEST_MS, Math.max(1, Math.round(timeMs))) : 0,
      fullTime: false,
      player: root.toMove === game.position.toMove ? 0 : root.toMove,
      reportMs: isFinite(reportMs) ? Math.min(LONGEST_MS, Math.max(1, Math.round(reportMs))) : 0,
      reportSoon: options.reportSoon ?? false,
      ownership: options.ownership ?? false,
      movesOwnership: options.movesOwnership ?? false,
      unvisited: options.unvisited ?? true,
      network: this.#options.network ?? false,
      restrictions: restrictions.map(({ player, allowed, depth }) => {
        const moves = [...allowed.keys()].filter((action) => allowed[action] === 1);
        return { player, moves, avoid: false, depth };
      }),
      priority: Priority.INTERACTIVE,
      leaves: tuning.batch,
      parameters: { ...namedParameters(tuning) },
      choose: undefined,
    };
  }
}

/** Of a search that was stopped before anything was known. */
function emptyOpinion(size: number): Opinion {
  const unknown = { value: 0, rawValue: 0, utility: 0, score: 0, scoreStdev: NaN, lead: 0 };
  return { size, visits: 0, ...unknown, candidates: [], ownership: new Float32Array(0) };
}
