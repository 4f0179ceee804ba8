/** What the store wants to know of a model file, found by reading all of it. */

import { check } from '../core/errors.js';
import { FEATURES_VERSION } from '../go/features.js';
import { decodeAnyModel } from '../nn/model-file.js';
import type { NewModel } from '../store/store.js';

/** @throws AppError 'invalid-argument' if the file is broken, or made for features that this server does not have */
export function describeModel(bytes: Uint8Array): Omit<NewModel, 'name'> {
  const { architecture, weights, metadata } = decodeAnyModel(bytes);
  if (architecture.kind === 'go-resnet') {
    check(
      architecture.features === FEATURES_VERSION,
      () => `The model wants features '${architecture.features}'; this server makes '${FEATURES_VERSION}'`,
    );
  }
  let parameterCount = 0;
  for (const { data } of weights.values()) parameterCount += data.length;
  const step = Number(metadata['step'] ?? 0);
  return {
    size: architecture.kind === 'go-resnet' ? architecture.size : 0,
    parameterCount,
    architectureJson: JSON.stringify(architecture),
    step: Number.isSafeInteger(step) && step > 0 ? step : 0,
  };
}
