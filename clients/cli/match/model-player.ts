/** A model behind a server as a player: a PUCT search without noise at a fixed number of visits. */

import type { AnsweredPrecision } from '../../../src/core/precision.js';
import { Rng } from '../../../src/core/rng.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { Position } from '../../../src/go/position.js';
import type { Rules } from '../../../src/go/rules.js';
import { drive } from '../../../src/search/drive.js';
import type { Evaluator } from '../../../src/search/evaluator.js';
import { Search } from '../../../src/search/search.js';
import type { GamePrecision } from '../../shared/game-precision.js';
import type { Player, PlayerGame } from './player.js';

/** Searches with `visits` simulations a move; the positions of all its games share the evaluator's messages. */
export class ModelPlayer implements Player {
  readonly name: string;
  readonly #evaluator: Evaluator<Position, GoEvaluation> & { close?(): void };
  readonly #visits: number;
  readonly #precision: GamePrecision | undefined;

  /** @param precision that of the evaluator, if that says it */
  constructor(
    name: string,
    evaluator: Evaluator<Position, GoEvaluation> & { close?(): void },
    visits: number,
    precision?: GamePrecision,
  ) {
    this.name = name;
    this.#evaluator = evaluator;
    this.#visits = visits;
    this.#precision = precision;
  }

  get precision(): AnsweredPrecision | undefined {
    return this.#precision?.answered;
  }

  newGame(size: number, rules: Rules, seed: number, signal: AbortSignal): Promise<PlayerGame> {
    const position = new Position(size, rules);
    const rng = new Rng(seed);
    const options = { visits: this.#visits, root: 'puct', dirichletTotal: 0 } as const;
    return Promise.resolve({
      play: (color, action) => {
        position.setToMove(color);
        position.play(action);
        return Promise.resolve();
      },
      generateMove: async (color) => {
        position.setToMove(color);
        const { bestAction } = await drive(new Search(position, options, rng).run(), this.#evaluator, { signal });
        position.play(bestAction);
        return bestAction;
      },
      end: () => Promise.resolve(),
    });
  }

  close(): Promise<void> {
    this.#evaluator.close?.();
    return Promise.resolve();
  }
}
