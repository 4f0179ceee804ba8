/** The feature sets that a model may name. */

import { AppError } from '../core/errors.js';
import type { FeatureSet } from './feature-set.js';
import { katago7 } from './katago-features.js';
import { tengen1 } from './tengen-features.js';

/** All of them, the default first. */
export const featureSets: readonly FeatureSet[] = [tengen1, katago7];

/** @throws AppError 'invalid-argument' if no feature set has this name */
export function featureSet(name: string): FeatureSet {
  const found = featureSets.find((set) => set.name === name);
  if (found) return found;
  const known = featureSets.map((set) => `'${set.name}'`).join(', ');
  throw new AppError('invalid-argument', `The features are '${name}'; this server makes ${known}`);
}
