/** The tokens of a rank's rows and what they are to predict. */

import type { Packing } from './packing.js';

/** A sequence of a step: `tokens` with their weights as a sample has them (src/text/samples.ts). */
export interface StepSequence {
  readonly tokens: Int32Array;
  readonly weights: Float32Array;
}

/** Per row of a rank. */
export interface Rows {
  readonly tokens: Int32Array;
  /** Within the sequence, from 0. */
  readonly positions: Int32Array;
  /** Which sequence of the step. */
  readonly segments: Int32Array;
  /** The token after it; shifted here, before sharding, since the next row may be on another rank. */
  readonly targets: Int32Array;
  readonly weights: Float32Array;
}

/** Positions that are computed for each sequence: its last token is only predicted. */
export function lengthsOf(sequences: readonly StepSequence[]): Int32Array {
  return Int32Array.from(sequences, ({ tokens }) => tokens.length - 1);
}

/** W: the sum of all weights of the step, which divides the loss whatever the schedule. */
export function normaliserOf(sequences: readonly StepSequence[]): number {
  let sum = 0;
  for (const { weights } of sequences) for (let i = 1; i < weights.length; i++) sum += weights[i]!;
  return sum;
}

/** Fills the rows of a rank. */
export function fillRows(packing: Packing, sequences: readonly StepSequence[]): Rows {
  const integers = (): Int32Array => new Int32Array(packing.rows);
  const [tokens, positions, segments, targets] = [integers(), integers(), integers(), integers()];
  const weights = new Float32Array(packing.rows);
  for (const { sequence, start, end, row } of packing.pieces) {
    const source = sequences[sequence]!;
    tokens.set(source.tokens.subarray(start, end), row);
    targets.set(source.tokens.subarray(start + 1, end + 1), row);
    weights.set(source.weights.subarray(start + 1, end + 1), row);
    segments.fill(sequence, row, row + end - start);
    for (let i = start; i < end; i++) positions[row + i - start] = i;
  }
  return { tokens, positions, segments, targets, weights };
}
