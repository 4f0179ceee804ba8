/** Precisions ↔ messages. */

import { askedPrecisions, type AskedPrecision } from '../core/precision.js';
import { Precision } from '../proto/tengen/v1/precision.js';
import { wordOf } from './enums.js';

/** By the words of those who answer in them, and of the settings. */
export const wirePrecisions = { auto: Precision.AUTO, fp32: Precision.FP32, int8: Precision.INT8 } as const;

/** By their number in the messages. */
const precisions = ['auto', ...askedPrecisions] as const;

/** What is asked for. @throws AppError 'invalid-argument' naming the number seen and the numbers allowed */
export function askedFromWire(precision: Precision): AskedPrecision {
  return wordOf('precision', precision, precisions);
}
