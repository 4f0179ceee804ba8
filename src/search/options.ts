/** What a search can be told. */

import { gumbelDefaults, type GumbelOptions } from './gumbel.js';
import { puctDefaults, type PuctOptions } from './puct.js';
import type { Evaluation } from './evaluator.js';
import type { Sharing } from './twins.js';

/** How actions are selected: by PUCT, or by Gumbel's improved policy. */
export type Selection = 'puct' | 'gumbel';

/**
 * Further numbers to keep with every node, such as a score or who owns which point. The search only stores and averages
 * them; it does not know what they mean.
 */
export interface Auxiliary<G, E> {
  /** How many numbers a node has; the tree must have been made with the same size. */
  readonly size: number;
  /** How many of them, the first ones, are the same for both players, such as a deviation; the others change sign. */
  readonly evenSize?: number;
  /** Writes the `size` numbers of an evaluation, mover's view, to `out` from `offset` on. */
  read(evaluation: E, out: Float32Array, offset: number): void;
  /** The same for a finished game, from the view of its player to move. */
  readTerminal(game: G, out: Float32Array, offset: number): void;
}

/**
 * What the search maximises if that is more than the value, such as winning by as much as possible. Values are kept beside
 * it, so a search still says how likely it is to win. Works with a PUCT search only.
 */
export interface Utility {
  /** Largest that |utility| may be. */
  readonly range: number;
  /**
   * Called at the start of every search, when the root has been evaluated: the measure may depend on the root. Whatever a
   * reused tree had as utilities is measured anew after it.
   *
   * @param auxiliary mean auxiliary values of the tree [auxiliarySize], view of the player to move at the root
   * @param side the same number that `of` is given where that player moves
   */
  begin(auxiliary: ArrayLike<number>, side: number): void;
  /**
   * The utility of an evaluation or of a finished game for the player to move there.
   *
   * @param value in [-1, 1]
   * @param auxiliary whose elements from `offset` on are the node's, mover's view
   * @param side +1 or −1, which player moves
   */
  of(value: number, auxiliary: Float32Array, offset: number, side: number): number;
}

/** How a search finds positions that it has reached before. */
export interface Transpositions<G> {
  /** 'statistics' works with PUCT only, and makes a graph of the tree; see `graph.ts`. */
  readonly share: Sharing;
  /**
   * Writes the two words of a position's key to `out`. Positions have the same key only if they have the same legal actions, if
   * as many moves led to them, and, to share evaluations, if they are evaluated alike.
   */
  keyOf(game: G, out: Int32Array): void;
  /** Whether the action may be played: what comes after positions with the same key may depend on how they were reached. */
  isLegal(game: G, action: number): boolean;
}

/** How the action to play is chosen at a PUCT root: by visits, or by visits and confidence; see `play-selection.ts`. */
export type MoveChoice = 'visits' | 'confidence';

/** The numbers that tune a search. */
export interface SearchTuning extends PuctOptions, GumbelOptions {
  readonly root: Selection;
  readonly interior: Selection;
  /** Total concentration of the Dirichlet noise at a PUCT root, spread evenly over the legal actions; 0 is none. */
  readonly dirichletTotal: number;
  /** Share of the noise in the root's priors. */
  readonly dirichletShare: number;
  /** Most leaves that `run` yields at once. */
  readonly batch: number;
  /**
   * How often, while leaves are collected, a leaf that is in flight already may be hit and another one be looked for; a Gumbel
   * root, which chooses by counts, ends the collecting with the first.
   */
  readonly collisions: number;
  readonly moveChoice: MoveChoice;
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
  collisions: 0,
  moveChoice: 'visits',
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
  /**
   * [actionCount], where several actions at the root lead to the same game but for a symmetry: the one that is searched for
   * all of them, which names itself. It has the priors of all.
   */
  readonly representative?: ArrayLike<number> | undefined;
  readonly auxiliary?: Auxiliary<G, E> | undefined;
  readonly utility?: Utility | undefined;
  /** Nothing is shared if left out. */
  readonly transpositions?: Transpositions<G> | undefined;
}
