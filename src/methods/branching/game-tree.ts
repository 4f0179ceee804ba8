/**
 * Games from one start as a tree: what they share is kept once, and every position knows the results of the games that
 * went through it. Moves are numbers of any meaning; the tree knows no rules.
 */

import { check } from '../../core/errors.js';
import { mean } from '../../core/statistics.js';

/** What the search found in a position. */
export interface SearchedPosition {
  /** Alternating move and weight; weights are not negative and need not sum to 1. */
  readonly policy: ArrayLike<number>;
  /** The first player's win probability by the search, 0 to 1. */
  readonly winRate: number;
  /** Whether a branch may begin here; positions of cheap searches do not qualify. */
  readonly isCandidate: boolean;
}

/** One finished game. */
export interface NewVariation {
  /** All moves from the start. */
  readonly moves: readonly number[];
  /** Moves up to and including the one drawn at the branch; 0 for the first game. */
  readonly sharedMoves: number;
  /** The position before every move from `sharedMoves` on; undefined where nothing was searched. */
  readonly positions: readonly (SearchedPosition | undefined)[];
  /** 1 the first player won, 0.5 drawn, 0 lost. */
  readonly result: number;
}

export interface TreeNode {
  readonly ply: number;
  readonly parent: TreeNode | undefined;
  /** The move that led here; undefined at the start. */
  readonly move: number | undefined;
  /** Weight of that move in the policy of the position before; 0 without one. */
  readonly moveWeight: number;
  /** Index of the variation in which the position came up first. */
  readonly variation: number;
  /** Absent where no search was made, such as at the end of a game. */
  readonly searched: SearchedPosition | undefined;
  /** By move, in the order in which they were explored. */
  readonly children: Map<number, TreeNode>;
  /** Results of all games through the position, in the order in which they ended. */
  readonly results: number[];
  /** Means of the explored moves' values, weighted by the search policy; at the end of a game its result. */
  weightedResult: number;
}

/** A tree; grows by whole games. */
export class GameTree {
  #root: TreeNode | undefined;
  readonly #positions: TreeNode[] = [];
  #variations = 0;

  /** The start; undefined before the first game. */
  get root(): TreeNode | undefined {
    return this.#root;
  }

  /** Every searched position once, in the order of the searches. */
  get positions(): readonly TreeNode[] {
    return this.#positions;
  }

  /** Games in the tree. */
  get variations(): number {
    return this.#variations;
  }

  /**
   * Adds a finished game.
   *
   * @returns its positions from the start to the end, moves + 1 nodes
   * @throws AppError 'invalid-argument' if it does not continue an earlier game with a new move; the tree is unchanged
   */
  add({ moves, sharedMoves, positions, result }: NewVariation): readonly TreeNode[] {
    const which = `Variation ${this.#variations}`;
    check(result >= 0 && result <= 1, () => `${which} has result ${result}; it must be from 0 to 1`);
    const path = this.#sharedPath(moves, sharedMoves, which);
    check(
      positions.length === moves.length - sharedMoves,
      () => `${which} has ${positions.length} positions for ${moves.length - sharedMoves} moves of its own`,
    );
    for (let ply = path.length; ply <= moves.length; ply++) {
      const parent = path.at(-1);
      const searched = positions[ply - sharedMoves];
      const node: TreeNode = {
        ply,
        parent,
        move: moves[ply - 1],
        moveWeight: weightOf(moves[ply - 1], parent?.searched),
        variation: this.#variations,
        searched,
        children: new Map<number, TreeNode>(),
        results: [],
        weightedResult: 0,
      };
      parent?.children.set(moves[ply - 1]!, node);
      if (node.searched) this.#positions.push(node);
      path.push(node);
    }
    this.#root ??= path[0];
    this.#variations++;
    for (const node of path) node.results.push(result);
    for (const node of path.toReversed()) node.weightedResult = weightedResult(node, result);
    return path;
  }

  /** The nodes before the drawn move: none for the first game. */
  #sharedPath(moves: readonly number[], sharedMoves: number, which: string): TreeNode[] {
    if (!this.#root) {
      check(sharedMoves === 0, () => `${which} shares ${sharedMoves} moves; the first game of a tree shares none`);
      return [];
    }
    check(
      sharedMoves >= 1 && sharedMoves <= moves.length,
      () => `${which} shares ${sharedMoves} moves; it must be from 1 to the ${moves.length} of the game`,
    );
    const path = [this.#root];
    for (let ply = 0; ply < sharedMoves - 1; ply++) {
      const next = path.at(-1)!.children.get(moves[ply]!);
      check(
        next !== undefined,
        () => `${which} has move ${moves[ply]!} at ply ${ply}; no earlier game played it there`,
      );
      path.push(next);
    }
    const drawn = moves[sharedMoves - 1]!;
    const isNew = !path.at(-1)!.children.has(drawn);
    check(isNew, () => `${which} branches with move ${drawn} at ply ${sharedMoves - 1}; that was explored already`);
    return path;
  }
}

/** Kept with the node, since a policy is long and the weighted results along a path change with every game. */
function weightOf(move: number | undefined, searched: SearchedPosition | undefined): number {
  const policy = searched?.policy ?? [];
  let weight = 0;
  for (let i = 0; i < policy.length; i += 2) if (policy[i] === move) weight += policy[i + 1]!;
  return weight;
}

function weightedResult({ children, results }: TreeNode, result: number): number {
  if (children.size === 0) return result;
  let total = 0;
  let sum = 0;
  for (const child of children.values()) {
    total += child.moveWeight;
    sum += child.moveWeight * child.weightedResult;
  }
  // Without weights on what was explored, as in an unsearched opening, only the mean is left.
  return total > 0 ? sum / total : mean(results);
}
