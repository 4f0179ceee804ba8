/** The root of a Gumbel search: which action the next simulation tries, and which is played in the end. */

import type { Rng } from '../core/rng.js';
import { completedQ, type GumbelOptions } from './gumbel.js';
import { cachedConsideredVisits } from './sequential-halving.js';
import type { Tree } from './tree.js';

/** State of one search's root; the visits that a reused tree brings along count for values but not for the halving. */
export class GumbelRoot {
  readonly #tree: Tree;
  readonly #options: GumbelOptions;
  readonly #allowed: Uint8Array;
  /** Gumbel noise plus log prior, by edge. */
  readonly #scores: Float64Array;
  /** Visits before this search, by edge. */
  readonly #before: Int32Array;
  readonly #table: Int32Array;
  readonly #scratch: Float64Array;
  #started = 0;

  /**
   * @param tree with its root expanded
   * @param allowed by root edge, 1 where the action may be played
   * @param simulations how many will be made if nothing stops them
   * @param rng drawn from once for every root edge, unless `gumbelScale` is 0
   */
  constructor(tree: Tree, options: GumbelOptions, allowed: Uint8Array, simulations: number, rng: Rng) {
    const count = tree.edgeCount[0]!;
    this.#tree = tree;
    this.#options = options;
    this.#allowed = allowed;
    this.#scores = new Float64Array(count);
    this.#before = new Int32Array(count);
    this.#scratch = new Float64Array(count);
    let choices = 0;
    for (let i = 0; i < count; i++) {
      const noise = options.gumbelScale > 0 ? options.gumbelScale * rng.gumbel() : 0;
      this.#scores[i] = noise + tree.logit[i]!;
      this.#before[i] = this.#startedVisits(i);
      choices += allowed[i]!;
    }
    this.#table = cachedConsideredVisits(Math.min(options.gumbelActions, choices), simulations);
  }

  /** The root edge of the next simulation. */
  select(): number {
    const considered = this.#table[Math.min(this.#started, this.#table.length - 1)]!;
    this.#started++;
    return this.#best(considered);
  }

  /** Takes the last `select` back, because its simulation was not made. */
  undo(): void {
    this.#started--;
  }

  /** The root edge to play: the best-scored of those visited most in this search. */
  bestEdge(): number {
    let most = 0;
    for (let i = 0; i < this.#before.length; i++) {
      if (this.#allowed[i] === 1) most = Math.max(most, this.#startedVisits(i) - this.#before[i]!);
    }
    return this.#best(most);
  }

  /** argmax of g(a) + logit(a) + σ(completedQ(a)) among the actions visited exactly `considered` times. */
  #best(considered: number): number {
    completedQ(this.#tree, 0, this.#options, this.#scratch);
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i < this.#scores.length; i++) {
      if (this.#allowed[i] === 0 || this.#startedVisits(i) - this.#before[i]! !== considered) continue;
      const score = this.#scores[i]! + this.#scratch[i]!;
      if (best < 0 || score > bestScore) [best, bestScore] = [i, score];
    }
    return best;
  }

  #startedVisits(edge: number): number {
    const child = this.#tree.child[edge]!;
    return child === 0 ? 0 : this.#tree.visits[child]! + this.#tree.inFlight[child]!;
  }
}
