/** What may be played at the root of a search, and with which priors. */

import { AppError } from '../core/errors.js';
import type { Tree } from './tree.js';

/** By root edge. */
export interface RootChoices {
  /** 1 where the action may be played. */
  readonly allowed: Uint8Array;
  /** The network's priors, those of symmetric actions added up on the one that stands for all; −1 where not allowed. */
  readonly priors: Float32Array;
}

/**
 * @param allowed [actionCount] or undefined, see `SearchOptions.allowed`
 * @param representative [actionCount] or undefined, see `SearchOptions.representative`
 * @throws AppError 'invalid-argument' if nothing may be played
 */
export function rootChoices(
  tree: Tree,
  allowed: Uint8Array | undefined,
  representative: ArrayLike<number> | undefined,
): RootChoices {
  const { action, prior } = tree;
  const count = tree.edgeCount[0]!;
  const isAllowed = Uint8Array.from({ length: count }, (_, i) => (allowed ? allowed[action[i]!]! : 1));
  const priors = Float32Array.from(isAllowed, (flag, i) => (flag === 1 ? prior[i]! : -1));
  if (representative) {
    for (let i = 0; i < count; i++) {
      const other = tree.findEdge(0, representative[action[i]!]!);
      // One that may not be played itself stands for nobody.
      if (isAllowed[i] === 0 || other < 0 || other === i || isAllowed[other] === 0) continue;
      priors[other]! += priors[i]!;
      priors[i] = -1;
      isAllowed[i] = 0;
    }
  }
  if (!isAllowed.includes(1)) {
    throw new AppError('invalid-argument', 'None of the actions that the search may play is legal');
  }
  return { allowed: isAllowed, priors };
}
