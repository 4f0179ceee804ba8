/**
 * Which queries belong to one game. Queries do not say so: programs that analyse a game as it is played send a query for each
 * of its positions, and programs that analyse many games a query for each game.
 */

import type { AskedPrecision } from '../../src/core/precision.js';
import { GamePrecision } from '../shared/game-precision.js';
import type { AnalysisQuery } from './query.js';

type Game = Pick<AnalysisQuery, 'size' | 'setup' | 'moves'>;

/** Knows the game of the query before. */
export class QueriedGame {
  readonly #asked: AskedPrecision;
  #precision: GamePrecision;
  #last: Game | undefined;

  constructor(asked: AskedPrecision) {
    this.#asked = asked;
    this.#precision = new GamePrecision(asked);
  }

  /** Of the game of the query before. */
  get precision(): GamePrecision {
    return this.#precision;
  }

  /** Of the game of this query. */
  precisionFor(query: Game): GamePrecision {
    if (!this.#last || !continues(query, this.#last)) this.#precision = new GamePrecision(this.#asked);
    this.#last = query;
    return this.#precision;
  }
}

/** Whether a query may be of the same game as the one before: the same start, and no other first move. */
function continues({ size, setup, moves }: Game, last: Game): boolean {
  if (size !== last.size || JSON.stringify(setup) !== JSON.stringify(last.setup)) return false;
  const [first] = last.moves;
  return !first || moves[0]?.action === first.action;
}
