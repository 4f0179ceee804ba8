/** The flag by which a command asks for evaluations in float32. */

import { check } from '../../src/core/errors.js';
import { askedPrecisions, type AskedPrecision } from '../../src/core/precision.js';
import type { Flags } from './command.js';

export const precisionFlag = {
  precision: {
    type: 'string',
    default: 'auto',
    value: askedPrecisions.join('|'),
    doc: 'precision of the evaluations: fp32 (float32), or auto, in which the server serves the model',
  },
} as const satisfies Flags;

/** @throws AppError 'invalid-argument' naming what is allowed */
export function readPrecision(text: string): AskedPrecision {
  const found = askedPrecisions.find((precision) => precision === text);
  check(found !== undefined, () => `--precision is '${text}'; it must be one of ${askedPrecisions.join(', ')}`);
  return found;
}
