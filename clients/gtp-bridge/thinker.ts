/**
 * The bridge's search: one tree that follows the game, batches of leaves over an evaluator, reports on the way. It stops
 * by visits, by the clock or by a signal, and what it found until then stays in the tree.
 */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import type { Auxiliary } from '../../src/search/options.js';
import { Search } from '../../src/search/search.js';
import { readStatistics } from '../../src/search/statistics.js';
import { EXPANDED, Tree } from '../../src/search/tree.js';
import type { MoveRestriction } from './analysis-arguments.js';
import type { Opinion } from './analysis-report.js';
import type { GameState } from './game-state.js';
import { SearchPosition } from './search-position.js';

/** Evaluates positions; `ownership` says whether the answers must have it. */
export type EvaluatorFor = (ownership: boolean) => Evaluator<Position, GoEvaluation>;

/** What one search may use and where it ends. */
export interface ThinkOptions {
  /** Visits of the root, those of a reused tree included. */
  readonly visits: number;
  /** Milliseconds; Infinity for no limit. */
  readonly timeMs?: number;
  /** Ends the search at once; not an error. */
  readonly stop?: AbortSignal;
  /** Milliseconds between the opinions that are yielded; none if left out. */
  readonly reportMs?: number;
  readonly ownership?: boolean;
  readonly restrictions?: readonly MoveRestriction[];
}

/** Longest wait for one batch; a server that takes longer is as good as gone. */
const answerTimeoutMs = 30_000;

/** Searches for one session; one search at a time. */
export class Thinker {
  readonly #evaluatorFor: EvaluatorFor;
  readonly #batch: number;
  readonly #rng = new Rng(0);
  #tree = new Tree(1);
  /** The game that the tree's root belongs to, and how far it had got. */
  #epoch = -1;
  #turns = 0;

  readonly #onTrouble: (error: AppError) => void;

  /**
   * @param batch leaves to evaluate at once, fewer in a small search
   * @param onTrouble told of errors that ended a search early without making it useless
   */
  constructor(evaluatorFor: EvaluatorFor, batch: number, onTrouble: (error: AppError) => void) {
    this.#evaluatorFor = evaluatorFor;
    this.#batch = batch;
    this.#onTrouble = onTrouble;
  }

  /** Forgets everything. */
  clear(): void {
    this.#epoch = -1;
  }

  /**
   * Searches `root`, a position of `game` that may differ from it in whose turn it is. Yields opinions as asked for and
   * returns the last one; it has no candidates if `stop` came before the first evaluation.
   *
   * @throws what the evaluator throws, if nothing is known of the position yet; later errors end the search
   */
  async *think(game: GameState, root: Position, options: ThinkOptions): AsyncGenerator<Opinion, Opinion> {
    const tree = this.#treeFor(game, root, options);
    const { stop, reportMs = Infinity } = options;
    const started = performance.now();
    const deadline = new AbortController();
    const timer = isFinite(options.timeMs ?? Infinity) ? setTimeout(() => deadline.abort(), options.timeMs) : undefined;
    const shouldStop = (): boolean => deadline.signal.aborted || stop?.aborted === true;
    const search = this.#search(tree, new SearchPosition(root, options.restrictions), options.visits, shouldStop);
    const generator = search.run();
    let lastReport = started;
    try {
      if (stop?.aborted) return opinionOf(tree, root.size);
      for (let step = generator.next(); !step.done;) {
        step = generator.next(await this.#evaluate(tree, step.value, stop, deadline.signal));
        if (performance.now() - lastReport < reportMs || step.done || shouldStop()) continue;
        yield opinionOf(tree, root.size);
        lastReport = performance.now();
      }
    } catch (error) {
      // A search that has something to say says it, whatever ended it; a bug is not hidden by that.
      const trouble = AppError.from(error);
      const stopped = shouldStop() && trouble.kind === 'cancelled';
      if (!stopped && (trouble.kind === 'internal' || tree.state[0] !== EXPANDED)) throw error;
      if (!stopped) this.#onTrouble(trouble);
    } finally {
      clearTimeout(timer);
      // Takes back the leaves that are out.
      generator.return(undefined as never);
    }
    return opinionOf(tree, root.size);
  }

  #search(
    tree: Tree,
    root: SearchPosition,
    visits: number,
    shouldStop: () => boolean,
  ): Search<SearchPosition, GoEvaluation> {
    // Leaves of one batch do not learn from each other: in a small search they would be most of it.
    const batch = Math.max(1, Math.min(this.#batch, Math.floor(visits / 32)));
    return new Search<SearchPosition, GoEvaluation>(
      root,
      { visits, countReused: true, batch, shouldStop, auxiliary: auxiliaryOf(tree.auxiliarySize) },
      this.#rng,
      tree,
    );
  }

  /** The root's own evaluation is waited for beyond the deadline, as without it there is no move. */
  async #evaluate(
    tree: Tree,
    leaves: readonly SearchPosition[],
    stop: AbortSignal | undefined,
    deadline: AbortSignal,
  ): Promise<readonly GoEvaluation[]> {
    const signals = [AbortSignal.timeout(answerTimeoutMs)];
    if (stop) signals.push(stop);
    if (tree.state[0] === EXPANDED) signals.push(deadline);
    const positions = leaves.map((leaf) => leaf.position);
    return this.#evaluatorFor(tree.auxiliarySize > 1).evaluate(positions, { signal: AbortSignal.any(signals) });
  }

  /** The tree with what is known of `root`, which is nothing unless the game went on from the last search. */
  #treeFor(game: GameState, root: Position, options: ThinkOptions): Tree {
    const size = options.ownership ? 1 + root.size * root.size : 1;
    const restricted = (options.restrictions?.length ?? 0) > 0;
    const turned = root.toMove !== game.position.toMove || game.position.isOver;
    // Such a search is a question beside the game, which goes on from its own tree.
    if (restricted || turned) return new Tree(size);
    const follows = this.#epoch === game.epoch && this.#turns <= game.turns.length;
    if (follows) for (const turn of game.turns.slice(this.#turns)) this.#tree.advance(turn.action);
    if (!follows || this.#tree.auxiliarySize < size) this.#tree = new Tree(size);
    this.#epoch = game.epoch;
    this.#turns = game.turns.length;
    return this.#tree;
  }
}

/** Score first, then ownership where the tree has room for it; both from the mover's view. */
function auxiliaryOf(size: number): Auxiliary<SearchPosition, GoEvaluation> {
  const area = new Int8Array(Math.max(1, size - 1));
  return {
    size,
    read: (evaluation, out, offset) => {
      out[offset] = evaluation.score;
      for (let point = 0; point < size - 1; point++) out[offset + 1 + point] = evaluation.ownership?.[point] ?? 0;
    },
    readTerminal: ({ position }, out, offset) => {
      const sign = position.toMove === 1 ? 1 : -1;
      out[offset] = sign * position.score();
      if (size === 1) return;
      position.areaInto(area);
      for (let point = 0; point < size - 1; point++) out[offset + 1 + point] = sign * area[point]!;
    },
  };
}

function opinionOf(tree: Tree, size: number): Opinion {
  const { visits, value, rawValue, auxiliary, moves } = readStatistics(tree, true);
  return {
    size,
    visits,
    value,
    rawValue,
    score: auxiliary[0] ?? 0,
    ownership: Float32Array.from(auxiliary.subarray(1)),
    candidates: moves.map((move) => ({
      action: move.action,
      visits: move.visits,
      value: move.value,
      lowerBound: move.lcb,
      score: move.visits > 0 ? (move.auxiliary[0] ?? 0) : (auxiliary[0] ?? 0),
      prior: move.prior,
      line: move.pv,
      lineVisits: move.pvVisits,
      ownership: Float32Array.from(move.auxiliary.subarray(1)),
    })),
  };
}
