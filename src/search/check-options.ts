/** What a search refuses. */

import { AppError, assert } from '../core/errors.js';
import type { Evaluation } from './evaluator.js';
import type { SearchOptions, SearchTuning } from './options.js';
import type { Tree } from './tree.js';

/** @throws AppError 'invalid-argument' for options that do not fit together */
export function checkOptions<G, E extends Evaluation>(
  options: SearchOptions<G, E>,
  { root, interior }: SearchTuning,
  tree: Tree,
): void {
  if (root === 'gumbel' && !(options.visits <= 1e7)) {
    throw new AppError('invalid-argument', `visits is ${options.visits}; a Gumbel root needs at most 10000000`);
  }
  const isGumbel = root === 'gumbel' || interior === 'gumbel';
  if (isGumbel && options.utility) {
    throw new AppError('invalid-argument', 'A Gumbel search goes by value; it cannot be given a utility');
  }
  if (isGumbel && options.transpositions?.share === 'statistics') {
    throw new AppError('invalid-argument', 'A Gumbel search can share evaluations; it cannot share statistics');
  }
  assert(
    tree.auxiliarySize === (options.auxiliary?.size ?? 0) &&
      tree.hasUtility === (options.utility !== undefined) &&
      tree.twins?.share === options.transpositions?.share,
    'the tree keeps what the search was asked to keep',
  );
}
