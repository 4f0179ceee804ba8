/**
 * Thinks about the position shown, with the thinkers that the GTP bridge has: what the page shows and plays is what Sabaki
 * would. The tree follows the game while the game goes on.
 */

import { readConfig } from '../../../src/core/config.js';
import type { AnsweredPrecision } from '../../../src/core/precision.js';
import type { AppError } from '../../../src/core/errors.js';
import type { Opinion } from '../../../src/player/opinion.js';
import { GamePrecision } from '../../shared/game-precision.js';
import { type GameThinker, PlacedThinker, type SearchPlace } from '../../shared/game-thinker.js';
import type { SearchConnection } from '../../shared/search-link.js';
import { findPlace, type searchPlaces } from '../../shared/search-place.js';
import { ServerThinker } from '../../shared/server-thinker.js';
import { GameState } from '../../../src/player/game-state.js';
import { chooseMove, looksLost, standingScore, type Choice } from '../../../src/player/move-choice.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Position } from '../../../src/go/position.js';
import type { Evaluator } from '../../../src/search/evaluator.js';
import { Thinker, type ThinkerTuning } from '../../../src/player/thinker.js';
import { playerSchema } from '../../../src/player/config.js';
import { positionAt, toMoveAt, type Line } from './line.js';

/** As the GTP bridge plays without flags. */
const config = readConfig(playerSchema, {});

const REPORT_MS = 150;
/** In which a search is begun again after its connection was lost. */
const PATIENCE_MS = 5000;
const nobody = { info: (): void => undefined };

/** What an analyst thinks with. */
export interface AnalystPorts {
  /** Makes an evaluator that answers in the precision of the game that is on. */
  readonly makeEvaluator: (ownership: boolean, precision: () => GamePrecision) => Evaluator<Position, GoEvaluation>;
  /** The way to the searches of the server. */
  readonly connection: SearchConnection;
  /** A name or name@version. */
  readonly model: string;
  /** Where to search. */
  readonly place: (typeof searchPlaces)[number];
  /** Told of errors that ended a search early without making it useless. */
  readonly onTrouble: (error: AppError) => void;
}

/** One model's thoughts; searches run one after the other. */
export class Analyst {
  readonly #thinker: GameThinker;
  readonly #place: Promise<SearchPlace>;
  #game: GameState | undefined;
  #line: Line | undefined;
  /** Own turns in a row that looked lost. */
  #hopelessTurns = 0;
  #precision = new GamePrecision('auto');
  /** Resolves when no search runs. */
  #searching = Promise.resolve();

  constructor({ makeEvaluator, connection, model, place, onTrouble }: AnalystPorts) {
    const [plain, owned] = [false, true].map((ownership) => makeEvaluator(ownership, () => this.#precision));
    const tuning = (): ThinkerTuning => config;
    const local = new Thinker((ownership) => (ownership ? owned! : plain!), tuning, onTrouble);
    const precision = (): GamePrecision => this.#precision;
    const hasElsewhere = place === 'auto';
    const ports = { connection, model, tuning, precision, onTrouble, patienceMs: PATIENCE_MS };
    const server = new ServerThinker({ ...ports, hasElsewhere });
    this.#place = findPlace({ asked: place, connection, log: nobody });
    this.#thinker = new PlacedThinker(() => this.#place, { local, server }, hasElsewhere ? onTrouble : undefined);
  }

  /** Where the searches run. */
  get place(): Promise<SearchPlace> {
    return this.#place;
  }

  /** Ends the game on the server; the next search begins it anew. To be called when no search runs. */
  leave(): void {
    this.#thinker.clear();
  }

  /** In which the game that is on is evaluated; undefined before the first answer. */
  get precision(): AnsweredPrecision | undefined {
    return this.#precision.answered;
  }

  /** Yields opinions of the position shown, the last one with all visits. The game must not be over. */
  async *analyse(line: Line, visits: number, signal: AbortSignal): AsyncGenerator<Opinion, void> {
    const before = this.#searching;
    let end = (): void => undefined;
    this.#searching = new Promise((resolve) => (end = resolve));
    try {
      // The search before has to take back its leaves from the tree.
      await before;
      if (signal.aborted) return;
      const game = this.#follow(line);
      const root = game.positionFor(toMoveAt(line, line.ply));
      yield yield* this.#thinker.think(game, root, { visits, stop: signal, reportMs: REPORT_MS, ownership: true });
    } finally {
      end();
    }
  }

  /** The move that the bridge would make, by the last opinion of `analyse`. */
  choose(line: Line, opinion: Opinion): Choice {
    const position = positionAt(line);
    const pass = position.actionCount - 1;
    const lastWasPass = line.turns[line.ply - 1]?.action === pass;
    if (lastWasPass && standingScore(position, position.toMove) > 0) return pass;
    this.#hopelessTurns = looksLost(opinion, config.resignBelow) ? this.#hopelessTurns + 1 : 0;
    return chooseMove(opinion, { position, config, hopelessTurns: this.#hopelessTurns, mayPass: true });
  }

  /** The game at the place shown; one that the line continues is continued, so that its tree is kept. */
  #follow(line: Line): GameState {
    const turns = line.turns.slice(0, line.ply);
    const game = this.#game;
    const isSameGame = this.#line?.rules === line.rules && this.#line.setup === line.setup;
    if (!isSameGame) this.#precision = new GamePrecision('auto');
    const continues =
      game !== undefined &&
      isSameGame &&
      game.turns.length <= turns.length &&
      game.turns.every(({ color, action }, i) => turns[i]!.color === color && turns[i]!.action === action);
    this.#line = line;
    if (continues) {
      for (const { color, action } of turns.slice(game.turns.length)) game.play(color, action);
      return game;
    }
    this.#thinker.clear();
    this.#hopelessTurns = 0;
    const fresh = new GameState(line.size, line.rules);
    fresh.setUp(line.setup);
    for (const { color, action } of turns) fresh.play(color, action);
    this.#game = fresh;
    return fresh;
  }
}
