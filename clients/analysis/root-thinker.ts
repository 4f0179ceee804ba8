/** A search of one position that keeps what the network alone says of it, which answers hold, too. */

import type { AppError } from '../../src/core/errors.js';
import type { CancelSignal } from '../../src/core/signals.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { GameState } from '../../src/player/game-state.js';
import type { Opinion } from '../../src/player/opinion.js';
import { Thinker, type ThinkerTuning } from '../../src/player/thinker.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import type { GamePrecision } from '../shared/game-precision.js';
import { type AskOptions, type GameThinker, PlacedThinker } from '../shared/game-thinker.js';

/** Evaluates positions, each call in the precision of its game. */
export interface GameEvaluator extends Evaluator<Position, GoEvaluation> {
  evaluate(
    positions: readonly Position[],
    options?: { readonly signal?: CancelSignal; readonly precision?: GamePrecision },
  ): Promise<readonly GoEvaluation[]>;
}

/** Searches one position. */
export interface RootThinker extends GameThinker {
  /** What the network alone says of the position; undefined before the first answer. */
  readonly evaluation: GoEvaluation | undefined;
}

/** What a search is made by. */
export interface RootThinkerOptions {
  readonly precision: GamePrecision;
  readonly tuning: ThinkerTuning;
}

interface LocalOptions extends RootThinkerOptions {
  readonly evaluatorFor: (ownership: boolean) => GameEvaluator;
  /** Told of errors that ended the search early without making it useless. */
  readonly onTrouble: (error: AppError) => void;
}

/** Searches here, and keeps the answer about the root, which every search asks first. */
export class LocalRootThinker implements RootThinker {
  evaluation: GoEvaluation | undefined;
  readonly #options: LocalOptions;
  readonly #thinker: Thinker;

  constructor(options: LocalOptions) {
    this.#options = options;
    const { tuning, onTrouble } = options;
    this.#thinker = new Thinker(
      (ownership) => this.#watched(ownership),
      () => tuning,
      onTrouble,
    );
  }

  think(game: GameState, root: Position, options: AskOptions): AsyncGenerator<Opinion, Opinion> {
    return this.#thinker.think(game, root, options);
  }

  clear(): void {
    this.#thinker.clear();
  }

  #watched(ownership: boolean): Evaluator<Position, GoEvaluation> {
    const { evaluatorFor, precision } = this.#options;
    const evaluator = evaluatorFor(ownership);
    return {
      get pace() {
        return evaluator.pace;
      },
      evaluate: async (positions, options) => {
        const evaluations = await evaluator.evaluate(positions, { ...options, precision });
        this.evaluation ??= evaluations[0];
        return evaluations;
      },
    };
  }
}

/** Searches on the server, and here where the server turns out to have no room. */
export class PlacedRootThinker extends PlacedThinker implements RootThinker {
  readonly #server: RootThinker;
  readonly #local: RootThinker;

  /** @param onFull told that the search is made here */
  constructor(server: RootThinker, local: RootThinker, onFull: (why: AppError) => void) {
    super(() => Promise.resolve('server'), { server, local }, onFull);
    this.#server = server;
    this.#local = local;
  }

  get evaluation(): GoEvaluation | undefined {
    return this.#server.evaluation ?? this.#local.evaluation;
  }
}
