/** A stored version → the message that says it. */

import type { AnsweredPrecision } from '../../core/precision.js';
import { isWorthServing } from '../../evaluator/quantization/compare.js';
import { isCertain } from '../../evaluator/quantization/speedup.js';
import { Calibration as WireCalibration, type Model } from '../../proto/tengen/v1/model.js';
import { Precision } from '../../proto/tengen/v1/precision.js';
import type { ModelRow } from '../../store/store.js';
import { wirePrecisions } from '../../wire/precision.js';
import { smallestSize } from '../models/model-file.js';
import { parseQuantization, type Calibration } from '../models/quantizer.js';

/** As messages say what becomes of a calibration. */
export const wireCalibrations = {
  none: WireCalibration.UNSPECIFIED,
  waits: WireCalibration.WAITS,
  runs: WireCalibration.RUNS,
} as const;

/** What a server does with a version now. */
export interface Serving {
  /** In which the version is served to whoever asks for no precision. */
  readonly precision: AnsweredPrecision;
  readonly calibration: Calibration;
}

export function modelToWire({ quantizationJson, ...row }: ModelRow, serving: Serving): Model {
  const quantization = parseQuantization({ quantizationJson });
  return {
    ...row,
    rating: row.rating,
    smallestSize: smallestSize(row),
    precision: wirePrecisions[row.precision],
    servedPrecision: row.size === 0 ? Precision.UNSPECIFIED : wirePrecisions[serving.precision],
    calibration: wireCalibrations[serving.calibration],
    quantization: quantization && {
      ...quantization.report,
      isWorthServing: isWorthServing(quantization.report),
      isSpeedupCertain: isCertain(quantization.report),
    },
  };
}
