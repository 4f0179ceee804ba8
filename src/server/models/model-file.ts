/** What the store wants to know of a model file, found by reading all of it. */

import { featureSet } from '../../go/features.js';
import { type AnyArchitecture, decodeAnyModel } from '../../nn/model-file.js';
import { boardsOf } from '../../nn/networks/go-network.js';
import type { NewModel } from '../../store/store.js';

/** @throws AppError 'invalid-argument' if the file is broken, or made for features that this server does not have */
export function describeModel(bytes: Uint8Array): Omit<NewModel, 'name'> {
  const { architecture, weights, metadata } = decodeAnyModel(bytes);
  if (architecture.kind !== 'transformer') featureSet(architecture.features);
  let parameterCount = 0;
  for (const { data } of weights.values()) parameterCount += data.length;
  const step = Number(metadata['step'] ?? 0);
  return {
    size: architecture.kind === 'transformer' ? 0 : boardsOf(architecture)[1],
    parameterCount,
    architectureJson: JSON.stringify(architecture),
    step: Number.isSafeInteger(step) && step > 0 ? step : 0,
  };
}

/** Smallest board that a stored model plays, points on a side; 0 for a language model. */
export function smallestSize({ size, architectureJson }: Pick<NewModel, 'size' | 'architectureJson'>): number {
  const architecture = JSON.parse(architectureJson) as AnyArchitecture;
  return architecture.kind === 'katago' ? boardsOf(architecture)[0] : size;
}
