/** Finds what a search knows of a position that it comes to in a new way. */

import type { Transpositions } from './options.js';
import { EXPANDED, type Tree } from './tree.js';

const key = new Int32Array(2);

/**
 * The node of a position: with shared statistics the one that was reached in another way, else a new one, with the evaluation of
 * one that was.
 *
 * @param addNode adds a new one
 */
export function reach<G>(tree: Tree, game: G, transpositions: Transpositions<G>, addNode: (game: G) => number): number {
  const twins = tree.twins!;
  transpositions.keyOf(game, key);
  const [low, high] = [key[0]!, key[1]!];
  const twin = twins.find(low, high);
  if (twin > 0 && twins.share === 'statistics') return twin;
  const node = addNode(game);
  twins.add(node, low, high);
  if (twin > 0 && tree.state[twin] === EXPANDED) tree.copyEvaluation(twin, node);
  return node;
}
