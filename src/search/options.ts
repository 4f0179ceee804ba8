/** What a search can be told. */

import { gumbelDefaults, type GumbelOptions } from './gumbel.js';
import { puctDefaults, type PuctOptions } from './puct.js';
import type { Evaluation } from './evaluator.js';

/** How actions are selected: by PUCT, or by Gumbel's improved policy. */
export type Selection = 'puct' | 'gumbel';

/**
 * Further numbers to keep with every node, such as a score or who owns which point. The search only stores and averages
 * them; it does not know what they mean.
 */
export interface Auxiliary<G, E> {
  /** How many numbers a node has; the tree must have been made with the same size. */
  readonly size: number;
  /** Writes the `size` numbers of an evaluation, mover's view, to `out` from `offset` on. */
  read(evaluation: E, out: Float32Array, offset: number): void;
  /** The same for a finished game, from the view of its player to move. */
  readTerminal(game: G, out: Float32Array, offset: number): void;
}

/** The numbers that tune a search. */
export interface SearchTuning extends PuctOptions, GumbelOptions {
  readonly root: Selection;
  readonly interior: Selection;
  /** Total concentration of the Dirichlet noise at a PUCT root, spread evenly over the legal actions; 0 is none. */
  readonly dirichletTotal: number;
  /** Share of the noise in the root's priors. */
  readonly dirichletShare: number;
  /** Most leaves yielded at once. */
  readonly batch: number;
}

/** Defaults: PUCT without noise, one leaf at a time. */
export const tuningDefaults: SearchTuning = {
  ...puctDefaults,
  ...gumbelDefaults,
  root: 'puct',
  interior: 'puct',
  dirichletTotal: 0,
  dirichletShare: 0.25,
  batch: 1,
};

/** One search: tuning that is left out has the default, except that `interior` follows `root`. */
export interface SearchOptions<G = unknown, E extends Evaluation = Evaluation> extends Partial<SearchTuning> {
  /** Simulations to make; may be Infinity with a PUCT root and `shouldStop`. */
  readonly visits: number;
  /** Whether the visits of a reused tree count towards `visits`. */
  readonly countReused?: boolean;
  /** Asked before every simulation; true ends the search with what it has. */
  readonly shouldStop?: (() => boolean) | undefined;
  /** [actionCount], 1 for every action that the root may play (illegal ones are left out anyway); all if left out. */
  readonly allowed?: Uint8Array | undefined;
  readonly auxiliary?: Auxiliary<G, E> | undefined;
}
