/** The search of the server, with the methods of a thinker: whoever searches need not know where. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { GameState } from '../../src/player/game-state.js';
import type { Opinion } from '../../src/player/opinion.js';
import { sharings } from '../../src/player/config.js';
import { namedParameters } from '../../src/player/search-parameters.js';
import type { ThinkerTuning } from '../../src/player/thinker.js';
import { Priority } from '../../src/proto/tengen/v1/evaluator.js';
import type { SearchReport, Sharing, StartSearch } from '../../src/proto/tengen/v1/search.js';
import { evaluationFromWire } from '../../src/wire/evaluation.js';
import { opinionFromWire } from '../../src/wire/search-report.js';
import { Backoff } from './backoff.js';
import { precisionFromWire, type GamePrecision } from './game-precision.js';
import type { AskOptions, GameThinker } from './game-thinker.js';
import { RetryQueue } from './retry-queue.js';
import { SearchLink, type SearchConnection } from './search-link.js';
import { errorFromStatus } from './status.js';

/** How the server is asked. */
export interface ServerThinkerOptions {
  readonly connection: SearchConnection;
  /** name, name@version, or empty for the promoted one. */
  readonly model: string;
  /** Asked at the start of every search. */
  readonly tuning: () => ThinkerTuning;
  /** Of the game that is on. */
  readonly precision: () => GamePrecision;
  /** Milliseconds in which a search is begun again after its connection was lost or the server was busy. */
  readonly patienceMs: number;
  /** Whether a search for which the server has no room fails at once, as it can be made elsewhere; it waits if left out. */
  readonly hasElsewhere?: boolean;
  /** Told of errors that ended a search early without making it useless, or ended the game on the server. */
  readonly onTrouble: (error: AppError) => void;
  /** How urgent the evaluations are; interactive if left out. */
  readonly priority?: 'interactive' | 'bulk';
  /** Whether `evaluation` is wanted. */
  readonly network?: boolean;
}

/**
 * Longest wait for the final report of a search that was stopped: a move must be made in time where the server is silent. The
 * server goes on with the game all the same, and with what it has found.
 */
const STOP_PATIENCE_MS = 500;
/** A search that is lost sooner than this hardly began, so that one that is lost again and again comes to an end. */
const FLEETING_MS = 1000;
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

  /** As `Thinker.think`. A search whose connection is lost is begun again, in a new game on the server. */
  async *think(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion> {
    const { onTrouble, patienceMs, hasElsewhere = false } = this.#options;
    const { stop, timeMs = Infinity } = options;
    const started = performance.now();
    let waitingSince = started;
    const backoff = new Backoff(new Rng(Date.now()), MAX_RETRY_MS);
    const nothing = emptyOpinion(root.size);
    let latest = nothing;
    this.evaluation = undefined;
    for (;;) {
      if (stop?.aborted) return latest;
      const begun = performance.now();
      try {
        const left = timeMs - (performance.now() - started);
        return yield* this.#search(game, root, { ...options, timeMs: left }, (opinion) => (latest = opinion));
      } catch (thrown) {
        const error = AppError.from(thrown);
        const now = performance.now();
        // A search that went on for a while was lost now; one that hardly began has been waiting for longer.
        if (this.#dropLost(error) && now - begun >= FLEETING_MS) waitingSince = now;
        if (stop?.aborted) return latest;
        const isLate = now - waitingSince >= patienceMs || now - started >= timeMs;
        const goesElsewhere = hasElsewhere && error.kind === 'resource-exhausted';
        if (!RetryQueue.helps(error) || isLate || goesElsewhere) {
          if (latest === nothing || error.kind === 'internal') throw error;
          onTrouble(error);
          return latest;
        }
        await backoff.wait(stop).catch(() => undefined);
      }
    }
  }

  async *#search(
    game: GameState,
    root: Position,
    options: AskOptions,
    heard: (opinion: Opinion) => void,
  ): AsyncGenerator<Opinion, Opinion> {
    const { connection, model, precision, onTrouble } = this.#options;
    const link = (this.#link ??= new SearchLink(connection, model));
    link.follow(game, precision());
    const id = link.search(this.#request(game, root, options));
    const late = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      link.stop(id);
      timer = setTimeout(() => late.abort(), STOP_PATIENCE_MS);
    };
    options.stop?.addEventListener('abort', stop, { once: true });
    let isOver = false;
    try {
      for (;;) {
        const report = await link.report(id, late.signal);
        const opinion = this.#read(report, root.size);
        isOver = report.isFinal;
        if (report.trouble) onTrouble(errorFromStatus(report.trouble.code, report.trouble.message));
        if (isOver) return opinion;
        heard(opinion);
        yield opinion;
      }
    } catch (error) {
      isOver = !late.signal.aborted;
      throw error;
    } finally {
      clearTimeout(timer);
      options.stop?.removeEventListener('abort', stop);
      if (!isOver) link.giveUp(id);
    }
  }

  /** Says that the game on the server is gone, if it is; the next search begins it anew. @returns whether it is */
  #dropLost(error: AppError): boolean {
    const link = this.#link;
    if (!link?.isClosed) return false;
    this.#link = undefined;
    if (link.hasLostGame) {
      const message = `The search on the server was lost and begins anew: ${error.message}`;
      this.#options.onTrouble(new AppError(error.kind, message, { cause: error }));
    }
    return link.hasLostGame;
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
      priority: this.#options.priority === 'bulk' ? Priority.BULK : Priority.INTERACTIVE,
      leaves: tuning.batch,
      transpositions: sharings.indexOf(tuning.transpositions ?? 'none') as Sharing,
      parameters: { ...namedParameters(tuning) },
      choose: undefined,
      ignoreHistory: options.ignoreHistory ?? false,
    };
  }
}

/** Of a search that was stopped before anything was known. */
function emptyOpinion(size: number): Opinion {
  const unknown = { value: 0, rawValue: 0, utility: 0, score: 0, scoreStdev: NaN, lead: 0 };
  return { size, visits: 0, ...unknown, candidates: [], ownership: new Float32Array(0) };
}
