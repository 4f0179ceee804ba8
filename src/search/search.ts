/**
 * Monte-Carlo tree search that never waits on anything itself: `collect` selects leaves, `answer` expands one with its
 * evaluation and backs it up. Leaves in flight are kept apart by virtual losses, and their answers may come in any order. `run`
 * is the same search as a generator of leaf batches, for hundreds of games in one worker with one leaf in flight each; `stream`
 * of drive.ts keeps the leaves of one deep search in flight.
 */

import { AppError, assert } from '../core/errors.js';
import type { Rng } from '../core/rng.js';
import { checkOptions } from './check-options.js';
import type { Evaluation } from './evaluator.js';
import type { Game } from './game.js';
import { selectInterior } from './gumbel.js';
import { GumbelRoot } from './gumbel-root.js';
import { isRefused, passThrough } from './graph.js';
import { append, begin, type Leaf, LeafPool } from './leaf.js';
import { tuningDefaults, type SearchOptions, type SearchTuning } from './options.js';
import { playSelection } from './play-selection.js';
import { selectPuct } from './puct.js';
import { reach } from './reach.js';
import { replaceUtilities } from './replace-utilities.js';
import { rootChoices } from './root-choices.js';
import { addDirichletNoise } from './root-noise.js';
import { widenedPriors } from './root-priors.js';
import { gumbelResult, puctResult, type SearchResult } from './search-result.js';
import { meanAuxiliary, readStatistics, type RootStatistics } from './statistics.js';
import { TERMINAL, Tree, UNEXPANDED } from './tree.js';

/** Simulations of one `collect` that end in finished games, which nobody evaluates: whoever collects has other things to do. */
const MOST_FINISHED = 1000;

type Descent = 'leaf' | 'backed-up' | 'collision';

export class Search<G extends Game & { copyFrom(other: G): void; clone(): G }, E extends Evaluation = Evaluation> {
  readonly tree: Tree;
  readonly #root: G;
  readonly #options: SearchOptions<G, E>;
  readonly #tuning: SearchTuning;
  readonly #rng: Rng;
  readonly #legal: Uint8Array;
  readonly #scratch: Float64Array;
  readonly #leaves: LeafPool<G>;
  #allowed: Uint8Array = new Uint8Array(0);
  #rootPriors = new Float32Array(0);
  /** As `#rootPriors` without noise. */
  #quietPriors: Float32Array = new Float32Array(0);
  #gumbel: GumbelRoot | undefined;
  #simulations = 0;
  /** Simulations to make; known once the root has been evaluated. */
  #goal: number | undefined;

  /**
   * @param root the position to search; not changed, and not to be changed while the search runs
   * @param rng for the root's noise; not drawn from without noise
   * @param tree empty, or with statistics of exactly this position (`Tree.advance`) to continue from
   * @throws AppError 'failed-precondition' if the game is over, 'invalid-argument' for options that do not fit together
   */
  constructor(root: G, options: SearchOptions<G, E>, rng: Rng, tree: Tree = treeFor(options)) {
    if (root.isOver) throw new AppError('failed-precondition', 'The game is over: there is nothing to search');
    // Not by spreading, after which hardly two objects are of one shape for the engine, and every look at a number is slow.
    this.#tuning = Object.assign({}, tuningDefaults, { interior: options.root ?? tuningDefaults.root }, options);
    checkOptions(options, this.#tuning, tree);
    this.tree = tree;
    this.#root = root;
    this.#options = options;
    this.#rng = rng;
    this.#legal = new Uint8Array(root.actionCount);
    this.#scratch = new Float64Array(root.actionCount);
    this.#leaves = new LeafPool(root);
  }

  /** Yields leaves to evaluate, as scratch games that are valid until the generator is resumed with their evaluations. */
  *run(): Generator<readonly G[], SearchResult, readonly E[]> {
    try {
      for (;;) {
        const leaves = this.collect(this.#tuning.batch);
        if (this.isOver) return this.result();
        if (leaves.length === 0) continue;
        const evaluations = yield leaves.map((leaf) => leaf.game);
        assert(evaluations.length === leaves.length, 'every leaf of a batch has one evaluation');
        for (let i = 0; i < leaves.length; i++) this.answer(leaves[i]!, evaluations[i]!);
      }
    } finally {
      // Only when the caller gave the search up with leaves still out.
      this.abandon();
    }
  }

  /**
   * Makes simulations until `most` leaves are in flight, and gives the new ones; each is to be answered once. Nothing new comes
   * while leaves that are out stand in the way, or where many simulations in a row ended in finished games.
   */
  collect(most: number): readonly Leaf<G>[] {
    const { tree } = this;
    if (tree.nodeCount === 0) tree.addNode(this.#root.toMove);
    if (tree.state[0] === UNEXPANDED) return this.#leaves.out === 0 ? [this.#rootLeaf()] : [];
    this.#goal ??= this.#prepareRoot();
    return this.#gather(most, this.#goal);
  }

  /** Expands a leaf of `collect` and backs its value up; the leaf is not to be used any more. */
  answer(leaf: Leaf<G>, evaluation: E): void {
    this.#expand(leaf, evaluation);
    this.#leaves.putBack(leaf);
  }

  /** Takes back, exactly, what the leaves in flight left in the tree: they will not be answered. */
  abandon(): void {
    for (const leaf of this.#leaves.takeAll()) this.#abandon(leaf);
  }

  /** Whether nothing is in flight and no simulation is left to make, or `shouldStop` says so. */
  get isOver(): boolean {
    if (this.#leaves.out > 0 || this.#goal === undefined) return false;
    return this.#simulations >= this.#goal || this.#stopped();
  }

  /** Leaves collected and not answered. */
  get inFlight(): number {
    return this.#leaves.out;
  }

  /** What is known now; may be called between two batches or after the end. */
  statistics(options: { readonly unvisited?: boolean } = {}): RootStatistics {
    const range = this.#options.utility?.range;
    const byConfidence = this.#tuning.moveChoice === 'confidence' && this.#quietPriors.length > 0;
    return readStatistics(this.tree, { ...options, range, weights: byConfidence ? this.#moveWeights() : undefined });
  }

  /** Simulations started so far. */
  get simulations(): number {
    return this.#simulations;
  }

  #stopped(): boolean {
    return this.#options.shouldStop?.() ?? false;
  }

  /** Runs simulations until `most` leaves are out, the goal is reached or too many leaves were hit twice. */
  #gather(most: number, goal: number): readonly Leaf<G>[] {
    const collisions = this.#gumbel ? 0 : this.#tuning.collisions;
    const gathered: Leaf<G>[] = [];
    const collided: Leaf<G>[] = [];
    let finished = 0;
    let ended = this.#stopped();
    while (!ended && this.#leaves.out - collided.length < most && this.#simulations < goal) {
      const leaf = this.#leaves.take();
      const descent = this.#descend(leaf);
      if (descent === 'collision') {
        this.#gumbel?.undo();
        collided.push(leaf);
        if (collided.length > collisions) break;
        this.#markInFlight(leaf, 1);
        continue;
      }
      this.#simulations++;
      if (descent === 'leaf') {
        gathered.push(leaf);
      } else {
        this.#leaves.putBack(leaf);
        ended = ++finished >= MOST_FINISHED || this.#stopped();
      }
    }
    // The marks sent other descents elsewhere, and are no simulations.
    for (const [i, leaf] of collided.entries()) {
      if (i < collisions) this.#markInFlight(leaf, -1);
      this.#leaves.putBack(leaf);
    }
    return gathered;
  }

  /** Walks from the root to a leaf; a finished game is backed up at once. */
  #descend(leaf: Leaf<G>): Descent {
    const { tree } = this;
    const { game } = leaf;
    game.copyFrom(this.#root);
    begin(leaf);
    for (let node = 0; ;) {
      const edge = node === 0 ? this.#selectAtRoot() : this.#selectBelow(node);
      assert(edge >= 0, 'an expanded node has an edge to select');
      if (tree.edgeVisits && isRefused(tree, game, edge, this.#options.transpositions!)) continue;
      game.play(tree.action[edge]!);
      const child = (tree.child[edge] ||= this.#reach(game));
      append(leaf, child, edge);
      if (tree.state[child] === UNEXPANDED) {
        if (tree.inFlight[child]! > 0) return 'collision';
        this.#markInFlight(leaf, 1);
        return 'leaf';
      }
      if (tree.edgeVisits && tree.edgeVisits[edge]! < tree.visits[child]!) {
        passThrough(tree, leaf);
        return 'backed-up';
      }
      if (tree.state[child] === TERMINAL || tree.visits[child] === 0) {
        this.#backUp(leaf, child);
        return 'backed-up';
      }
      node = child;
    }
  }

  #reach(game: G): number {
    const { tree } = this;
    const { transpositions } = this.#options;
    return transpositions ? reach(tree, game, transpositions, this.#addNode) : this.#addNode(game);
  }

  readonly #addNode = (game: G): number => {
    const node = this.tree.addNode(game.toMove);
    if (game.isOver) this.#finish(node, game);
    return node;
  };

  #selectAtRoot(): number {
    if (this.#gumbel) return this.#gumbel.select();
    const wide = this.#tuning.wideRootNoise > 0 ? this.#rng : undefined;
    return selectPuct(this.tree, 0, this.#tuning, this.#rootPriors, wide);
  }

  #selectBelow(node: number): number {
    if (this.#tuning.interior === 'gumbel') return selectInterior(this.tree, node, this.#tuning, this.#scratch);
    return selectPuct(this.tree, node, this.#tuning);
  }

  #finish(node: number, game: G): void {
    const { tree } = this;
    tree.state[node] = TERMINAL;
    tree.rawValue[node] = tree.side[node]! * game.terminalValue();
    this.#options.auxiliary?.readTerminal(game, tree.auxiliary, node * tree.auxiliarySize);
    if (tree.hasUtility) tree.rawUtility[node] = this.#utilityOf(node);
  }

  #expand(leaf: Leaf<G>, evaluation: E): void {
    const { tree } = this;
    const node = leaf.path[leaf.length - 1]!;
    const { value } = evaluation;
    assert(value >= -1.001 && value <= 1.001, () => `an evaluation's value is in [-1, 1]; seen ${value}`);
    assert(evaluation.logits.length >= this.#legal.length, 'an evaluation has a logit for every action');
    const count = leaf.game.legal(this.#legal);
    assert(count > 0, 'a game that is not over has a legal action');
    tree.expand(node, this.#legal, count, evaluation.logits);
    const ending = leaf.game.endingValue?.();
    tree.rawValue[node] = tree.side[node]! * (ending === undefined ? value : Math.max(value, ending));
    this.#options.auxiliary?.read(evaluation, tree.auxiliary, node * tree.auxiliarySize);
    if (tree.hasUtility) tree.rawUtility[node] = this.#utilityOf(node);
    this.#markInFlight(leaf, -1);
    this.#backUp(leaf, node);
  }

  /** Counts what `node` was found to be worth at every node of the leaf's path. */
  #backUp(leaf: Leaf<G>, node: number): void {
    const { tree } = this;
    const [value, utility] = [tree.rawValue[node]!, tree.rawUtility[node]!];
    if (tree.edgeVisits) {
      tree.addVisit(node, value, utility);
      passThrough(tree, leaf);
      return;
    }
    for (let i = 0; i < leaf.length; i++) tree.addVisit(leaf.path[i]!, value, utility);
  }

  /** Utility of a node's own evaluation or result, reference player's view. */
  readonly #utilityOf = (node: number): number => {
    const { tree } = this;
    const side = tree.side[node]!;
    const value = side * tree.rawValue[node]!;
    return side * this.#options.utility!.of(value, tree.auxiliary, node * tree.auxiliarySize, side);
  };

  /** Removes the traces of a leaf that will not be evaluated. */
  #abandon(leaf: Leaf<G>): void {
    const { tree } = this;
    this.#markInFlight(leaf, -1);
    const edge = leaf.edges[leaf.length - 1]!;
    if (edge < 0) tree.clear();
    // A node of a graph stays, since other edges may lead to it.
    else if (!tree.edgeVisits && tree.state[leaf.path[leaf.length - 1]!] === UNEXPANDED) tree.child[edge] = 0;
  }

  /** Adds `change` simulations under way along a leaf's path. */
  #markInFlight(leaf: Leaf<G>, change: number): void {
    const { inFlight } = this.tree;
    for (let i = 0; i < leaf.length; i++) inFlight[leaf.path[i]!]! += change;
  }

  #rootLeaf(): Leaf<G> {
    const leaf = this.#leaves.take();
    leaf.game.copyFrom(this.#root);
    begin(leaf);
    this.#markInFlight(leaf, 1);
    return leaf;
  }

  /** Fixes what may be played at the root and its noise; returns the number of simulations to make. */
  #prepareRoot(): number {
    const { tree } = this;
    const { allowed, representative, visits, countReused, utility } = this.#options;
    if (utility) {
      utility.begin(meanAuxiliary(tree), tree.side[0]!);
      replaceUtilities(tree, this.#utilityOf);
    }
    const choices = rootChoices(tree, allowed, representative);
    this.#allowed = choices.allowed;
    const goal = countReused ? Math.max(0, visits - (tree.visits[0]! - 1)) : visits;
    if (this.#tuning.root === 'gumbel') {
      this.#gumbel = new GumbelRoot(tree, this.#tuning, this.#allowed, goal, this.#rng);
      return goal;
    }
    const priors = widenedPriors(choices.priors, this.#tuning);
    const { dirichletTotal, dirichletShare } = this.#tuning;
    if (dirichletTotal > 0) addDirichletNoise(priors, dirichletTotal, dirichletShare, this.#rng);
    this.#rootPriors = priors;
    this.#quietPriors = choices.priors;
    return goal;
  }

  /** What the search found; after its end, or where it stands. */
  result(): SearchResult {
    const root = { tree: this.tree, actions: this.#root.actionCount, allowed: this.#allowed };
    if (this.#gumbel) return gumbelResult(root, this.#simulations, this.#gumbel.bestEdge(), this.#tuning);
    return puctResult(root, this.#simulations, this.#tuning.moveChoice === 'visits' ? undefined : this.#moveWeights());
  }

  #moveWeights(): Float64Array {
    return playSelection(this.tree, this.#tuning, this.#quietPriors, this.#options.utility?.range ?? 1);
  }
}

/** As `new Search(…).run()`, for callers that want only the result. */
export function search<G extends Game & { copyFrom(other: G): void; clone(): G }, E extends Evaluation = Evaluation>(
  root: G,
  options: SearchOptions<G, E>,
  rng: Rng,
  tree?: Tree,
): Generator<readonly G[], SearchResult, readonly E[]> {
  return new Search(root, options, rng, tree).run();
}

/** An empty tree that keeps what the options ask for. */
export function treeFor<G, E extends Evaluation>(
  options: Pick<SearchOptions<G, E>, 'auxiliary' | 'utility' | 'transpositions'>,
): Tree {
  const { size = 0, evenSize = 0 } = options.auxiliary ?? {};
  return new Tree(size, {
    evenSize,
    hasUtility: options.utility !== undefined,
    sharing: options.transpositions?.share,
  });
}
