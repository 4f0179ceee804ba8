/**
 * Angle concentration ("Angles Don't Lie", NeurIPS 2025, section 3): the mean cosine between the hidden states of a prompt's
 * tokens, which are the inputs of the last block's gated layer, after the layer's norm. The mean of all pairs of cosines is the product of
 * two mean unit vectors, so q tokens of width d cost q·d and not q²·d.
 */

import { check } from '../../core/errors.js';
import type { AngleScore } from './curriculum.js';

/** Keeps the length of a zero vector above 0. */
const EPSILON = 1e-8;

/**
 * The mean over rows of their unit vectors.
 *
 * @param hidden [rows, width]
 * @returns [width]; zeros for no rows
 */
export function meanUnitVector(hidden: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  const rows = hidden.length / width;
  for (let from = 0; from < hidden.length; from += width) {
    let square = 0;
    for (let i = from; i < from + width; i++) square += hidden[i]! ** 2;
    const scale = 1 / ((Math.sqrt(square) + EPSILON) * rows);
    for (let i = 0; i < width; i++) mean[i]! += scale * hidden[from + i]!;
  }
  return mean;
}

/**
 * The concentration within the question, |s|² (C_intra, with each token's cosine to itself), between question and prefix,
 * ⟨s, p⟩ (C_inter), and the first without the diagonal: that adds 1/q for short questions.
 *
 * @param prefix mean unit vector p of the tokens that all prompts begin with; zeros if there are none
 * @param question mean unit vector s of the question's tokens
 * @param length q, the question's tokens
 */
export function angleOf(prefix: ArrayLike<number>, question: ArrayLike<number>, length: number): AngleScore {
  check(prefix.length === question.length, () => {
    return `The prefix has width ${prefix.length} and the question ${question.length}; they must be equal`;
  });
  check(Number.isInteger(length) && length >= 1, () => `A question has ${length} tokens; it must have at least 1`);
  let [intra, inter] = [0, 0];
  for (let i = 0; i < question.length; i++) {
    intra += question[i]! ** 2;
    inter += question[i]! * prefix[i]!;
  }
  const debiasedIntra = length < 2 ? 0 : (length * intra - 1) / (length - 1);
  return { intra, inter, debiasedIntra, length };
}

/** C of the paper: the sum of both. */
export function concentration({ intra, inter }: AngleScore): number {
  return intra + inter;
}

/**
 * C without what the length of the question explains: the debiased sum less its least-squares fit by 1, q and q². In the
 * released orderings length explains nearly all of C (rank correlation 0.9 and more).
 */
export function residualConcentrations(scores: readonly AngleScore[]): number[] {
  const values = scores.map(({ debiasedIntra, inter }) => debiasedIntra + inter);
  const longest = scores.reduce((most, { length }) => Math.max(most, length), 1);
  const basis: number[][] = [];
  // Gram–Schmidt over the columns; a column that the others explain is left out.
  for (const power of [0, 1, 2]) {
    const column = scores.map(({ length }) => (length / longest) ** power);
    for (const other of basis) subtract(column, other, dot(column, other));
    const size = Math.sqrt(dot(column, column));
    if (size > 1e-6 * Math.sqrt(scores.length)) basis.push(column.map((value) => value / size));
  }
  for (const column of basis) subtract(values, column, dot(values, column));
  return values;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function subtract(from: number[], column: readonly number[], times: number): void {
  for (let i = 0; i < from.length; i++) from[i]! -= times * column[i]!;
}
