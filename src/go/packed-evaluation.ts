/**
 * What a network says of a position as a fixed number of bytes, so that it is kept and sent without an object of its own.
 *
 * Layout: win, draw, loss and the scores (scores.ts) as floats · the policy's logits as halves · ownership as halves, where there
 * is room for it; policy and ownership each with zeros up to a multiple of four. Numbers are little-endian.
 */

import { decodeHalves, readHalves, writeHalves } from '../core/half.js';
import type { GoEvaluation } from './evaluation.js';
import { readScores, scoreFields, type Writable } from './scores.js';

/** Floats at the front of a packed evaluation: win, draw, loss, scores. */
export const EVALUATION_FLOATS = 3 + scoreFields.length;
/** Where the policy is. */
export const POLICY_AT = 4 * EVALUATION_FLOATS;

/** Evaluations of positions of one size, one after the other. */
export interface PackedEvaluations {
  /** Points on a side. */
  readonly size: number;
  readonly count: number;
  /** Whether there is room for ownership. */
  readonly ownership: boolean;
  /** `count` packed evaluations of `evaluationBytes(size, ownership)` bytes. */
  readonly bytes: Uint8Array;
}

/** Where the ownership is, for boards of `size` points on a side; a multiple of four. */
export function ownershipAt(size: number): number {
  return (POLICY_AT + 2 * (size * size + 1) + 3) & ~3;
}

/** Bytes of a packed evaluation; a multiple of four. */
export function evaluationBytes(size: number, ownership: boolean): number {
  return ownership ? (ownershipAt(size) + 2 * size * size + 3) & ~3 : ownershipAt(size);
}

/** What a network says of positions, a row of each array for each position. */
export interface EvaluationRows {
  /** Logits, as the bits of floats. */
  readonly policy: Uint32Array;
  /** Win, draw, loss. */
  readonly value: Float32Array;
  readonly scores: Float32Array;
  /** As the bits of floats. */
  readonly ownership: Uint32Array;
}

/** Packs row `row` as evaluation `index`; `floats` are the bytes of the evaluations seen as floats. */
export function packEvaluation(
  rows: EvaluationRows,
  row: number,
  { size, ownership, bytes }: PackedEvaluations,
  floats: Float32Array,
  index: number,
): void {
  const at = index * evaluationBytes(size, ownership);
  const from = at / 4;
  const points = size * size;
  for (let i = 0; i < 3; i++) floats[from + i] = rows.value[3 * row + i]!;
  for (let i = 3; i < EVALUATION_FLOATS; i++) floats[from + i] = rows.scores[row * scoreFields.length + i - 3]!;
  writeHalves(rows.policy, row * (points + 1), points + 1, bytes, at + POLICY_AT);
  if (ownership) writeHalves(rows.ownership, row * points, points, bytes, at + ownershipAt(size));
}

/** All evaluations, with one array for their policies. */
export function unpackEvaluations({ size, count, ownership, bytes }: PackedEvaluations): GoEvaluation[] {
  const stride = evaluationBytes(size, ownership);
  const points = size * size;
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const policies = new Float32Array(count * (points + 1));
  const words = new Uint32Array(policies.buffer);
  return Array.from({ length: count }, (_, i) => {
    const [at, from] = [i * stride, (i * stride) / 4];
    const [win, draw, loss] = [floats[from]!, floats[from + 1]!, floats[from + 2]!];
    readHalves(bytes, at + POLICY_AT, points + 1, policies, words, i * (points + 1));
    const logits = policies.subarray(i * (points + 1), (i + 1) * (points + 1));
    const evaluation: Writable<GoEvaluation> = { logits, win, draw, loss, value: win - loss, score: NaN };
    readScores(floats, from + 3, evaluation);
    const owners = at + ownershipAt(size);
    if (ownership) evaluation.ownership = decodeHalves(bytes.subarray(owners, owners + 2 * points));
    return evaluation;
  });
}
