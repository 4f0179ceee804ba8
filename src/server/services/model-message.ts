/** A stored version → the message that says it. */

import type { AnsweredPrecision } from '../../core/precision.js';
import { isWorthServing } from '../../evaluator/quantization/compare.js';
import { Precision, type Model } from '../../proto/tengen/v1/model.js';
import type { ModelRow } from '../../store/store.js';
import { wirePrecisions } from '../../wire/precision.js';
import { smallestSize } from '../models/model-file.js';
import { parseQuantization } from '../models/quantizer.js';

/** @param served in which the version is served to whoever asks for no precision */
export function modelToWire({ quantizationJson, ...row }: ModelRow, served: AnsweredPrecision): Model {
  const quantization = parseQuantization({ quantizationJson });
  return {
    ...row,
    rating: row.rating,
    smallestSize: smallestSize(row),
    precision: wirePrecisions[row.precision],
    servedPrecision: row.size === 0 ? Precision.UNSPECIFIED : wirePrecisions[served],
    quantization: quantization && {
      ...quantization.report,
      isWorthServing: isWorthServing(quantization.report),
    },
  };
}
