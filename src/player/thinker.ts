/**
 * The search that plays and analyses: one tree that follows the game, leaves in flight at an evaluator, reports on the way. The
 * search stops by visits, by the clock or by a signal, and what it found until then stays in the tree.
 */

import { AppError } from '../core/errors.js';
import { Rng } from '../core/rng.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type { Position } from '../go/position.js';
import { symmetricActions, type SymmetricActions } from '../go/position-symmetries.js';
import { ScoreUtility, type ScoreFactors } from '../go/score-utility.js';
import type { Evaluator } from '../search/evaluator.js';
import { isRootOf } from '../search/graph.js';
import { LeafStream } from '../search/leaf-stream.js';
import type { SearchTuning } from '../search/options.js';
import { katagoPuct, type PuctOptions } from '../search/puct.js';
import { Search } from '../search/search.js';
import { visitLead } from '../search/statistics.js';
import { EXPANDED, Tree } from '../search/tree.js';
import type { Sharing } from '../search/twins.js';
import type { PlayerConfig } from './config.js';
import type { GameState } from './game-state.js';
import type { Opinion } from './opinion.js';
import { auxiliaryOf, auxiliarySizeOf, hasOwnership, opinionOf } from './opinion-of-tree.js';
import { SearchEnd } from './search-end.js';
import { SearchPosition, type MoveRestriction } from './search-position.js';
import { transpositionsOf } from './transpositions.js';

/** Evaluates positions; `ownership` says whether the answers must have it. */
export type EvaluatorFor = (ownership: boolean) => Evaluator<Position, GoEvaluation>;

/** What one search may use and where it ends. */
export interface ThinkOptions {
  /** Visits of the root, those of a reused tree included. */
  readonly visits: number;
  /** Milliseconds; Infinity for no limit. With one, a search also ends when no other move can overtake the best. */
  readonly timeMs?: number;
  /** Ends the search at once; not an error. */
  readonly stop?: AbortSignal;
  /** Milliseconds between the opinions that are yielded; none if left out. */
  readonly reportMs?: number;
  /** Whether the first opinion comes at once, and the next ones after twice the time each until `reportMs` is reached. */
  readonly reportSoon?: boolean;
  readonly ownership?: boolean;
  readonly restrictions?: readonly MoveRestriction[];
}

export interface ThinkerTuning extends ScoreFactors {
  /** Most leaves in flight; 0 for as many as keep the evaluator busy. */
  readonly batch: number;
  /** Constants of the selection that differ from `playTuning`. */
  readonly puct?: Partial<PuctOptions>;
  readonly transpositions?: PlayerConfig['transpositions'];
}

/** The search for play and analysis. */
export const playTuning: Partial<SearchTuning> = {
  ...katagoPuct,
  moveChoice: 'confidence',
  collisions: 32,
};

/** Visits that the root must have for every leaf in flight: leaves in flight do not learn from each other. */
const visitsPerLeaf = 16;

/** Leaves in flight where the evaluator does not say what keeps it busy. */
export const usualInFlight = 16;

/** Time that a search must have had before its speed says what it can still do. */
const speedKnownMs = 100;

/** Searches the positions of one game after the other; one search at a time. */
export class Thinker {
  readonly #evaluatorFor: EvaluatorFor;
  readonly #tuning: () => ThinkerTuning;
  readonly #onTrouble: (error: AppError) => void;
  readonly #rng = new Rng(0);
  #tree = new Tree();
  /** The game that the tree's root belongs to, and how far it had got. */
  #epoch = -1;
  #turns = 0;

  /**
   * @param tuning asked at the start of every search
   * @param onTrouble told of errors that ended a search early without making it useless
   */
  constructor(evaluatorFor: EvaluatorFor, tuning: () => ThinkerTuning, onTrouble: (error: AppError) => void) {
    this.#evaluatorFor = evaluatorFor;
    this.#tuning = tuning;
    this.#onTrouble = onTrouble;
  }

  /** Visits of the tree that follows the game; a search beside the game leaves them as they are. */
  get visits(): number {
    return this.#tree.nodeCount > 0 ? this.#tree.visits[0]! : 0;
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
    const { stop, timeMs = Infinity, reportMs = Infinity } = options;
    const started = performance.now();
    const deadline = new AbortController();
    const timer = isFinite(timeMs) ? setTimeout(() => deadline.abort(), timeMs) : undefined;
    const before = tree.nodeCount > 0 ? tree.visits[0]! : 0;
    const shouldStop = (): boolean =>
      deadline.signal.aborted ||
      stop?.aborted === true ||
      (timer !== undefined && isDecided(tree, before, performance.now() - started, timeMs));
    const symmetric = options.restrictions?.length ? undefined : symmetricActions(root);
    const search = this.#search(tree, root, options, symmetric, shouldStop);
    const opinion = (): Opinion => opinionOf(search.statistics({ unvisited: true }), root.size, symmetric);
    const evaluator = this.#evaluatorFor(hasOwnership(tree.auxiliarySize));
    const end = new SearchEnd(() => tree.state[0] === EXPANDED, stop, deadline.signal);
    const leaves = new LeafStream(search, (games: readonly SearchPosition[]) =>
      evaluator.evaluate(
        games.map((game) => game.position),
        { signal: end.signal },
      ),
    );
    let nextReport = options.reportSoon ? started : started + reportMs;
    try {
      if (stop?.aborted) return opinion();
      while (await leaves.advance(this.#inFlight(tree, evaluator))) {
        end.postpone();
        if (reportMs === Infinity || performance.now() < nextReport || shouldStop()) continue;
        yield opinion();
        const now = performance.now();
        nextReport = now + (options.reportSoon ? Math.min(reportMs, now - started) : reportMs);
      }
    } catch (error) {
      // A search that has something to say says it, whatever ended it; a bug is not hidden by that.
      const trouble = AppError.from(error);
      const stopped = shouldStop() && trouble.kind === 'cancelled';
      if (!stopped && (trouble.kind === 'internal' || tree.state[0] !== EXPANDED)) throw error;
      if (!stopped) this.#onTrouble(trouble);
    } finally {
      clearTimeout(timer);
      end.close();
      leaves.close();
    }
    return opinion();
  }

  #search(
    tree: Tree,
    root: Position,
    { visits, restrictions }: ThinkOptions,
    symmetric: SymmetricActions | undefined,
    shouldStop: () => boolean,
  ): Search<SearchPosition, GoEvaluation> {
    const { batch, puct, transpositions = 'none', ...factors } = this.#tuning();
    return new Search<SearchPosition, GoEvaluation>(
      new SearchPosition(root, restrictions),
      {
        ...playTuning,
        ...puct,
        visits,
        batch,
        shouldStop,
        countReused: true,
        representative: symmetric?.representative,
        auxiliary: auxiliaryOf(tree.auxiliarySize),
        utility: new ScoreUtility(root.size, factors),
        transpositions: transpositionsOf(transpositions),
      },
      this.#rng,
      tree,
    );
  }

  /** Leaves that may be in flight now: few in a young tree, so that they learn from each other, but more over a long way. */
  #inFlight(tree: Tree, evaluator: Evaluator<Position, GoEvaluation>): number {
    const { inFlight, stretch } = evaluator.pace ?? { inFlight: usualInFlight, stretch: 1 };
    const most = this.#tuning().batch || inFlight;
    return Math.min(most, Math.max(1, Math.floor((tree.visits[0]! * stretch) / visitsPerLeaf)));
  }

  /** The tree with what is known of `root`, which is nothing unless the game went on from the last search. */
  #treeFor(game: GameState, root: Position, options: ThinkOptions): Tree {
    const size = auxiliarySizeOf(root.size, options.ownership === true);
    const sharing = transpositionsOf(this.#tuning().transpositions ?? 'none')?.share;
    const restricted = (options.restrictions?.length ?? 0) > 0;
    const turned = root.toMove !== game.position.toMove || game.position.isOver;
    // Such a search is a question beside the game, which goes on from its own tree.
    if (restricted || turned) return emptyTree(size, sharing);
    const follows = this.#epoch === game.epoch && this.#turns <= game.turns.length;
    if (follows) for (const turn of game.turns.slice(this.#turns)) this.#tree.advance(turn.action);
    const tree = this.#tree;
    const suits = tree.auxiliarySize >= size && tree.twins?.share === sharing && isRootOf(tree, root);
    if (!follows || !suits) this.#tree = emptyTree(size, sharing);
    this.#epoch = game.epoch;
    this.#turns = game.turns.length;
    return this.#tree;
  }
}

function emptyTree(auxiliarySize: number, sharing: Sharing | undefined): Tree {
  return new Tree(auxiliarySize, { evenSize: 1, hasUtility: true, sharing });
}

/** Whether the most visited move would still be it if all visits that fit in the time left went to the second. */
function isDecided(tree: Tree, visitsBefore: number, elapsedMs: number, timeMs: number): boolean {
  if (elapsedMs < speedKnownMs || tree.state[0] !== EXPANDED) return false;
  const made = tree.visits[0]! - visitsBefore;
  return visitLead(tree) > (made * (timeMs - elapsedMs)) / elapsedMs;
}
