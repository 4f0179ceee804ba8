/** Least squares with coefficients that are not negative, for the few coefficients of a performance model. */

import { assert } from '../../core/errors.js';

/** Coefficients beyond this would make too many supports. */
const MOST_COLUMNS = 10;
/** Columns whose part that the others do not explain is below this share are left out of a solution. */
const SINGULAR = 1e-12;

/**
 * x ≥ 0 that minimises Σ w·(row · x − y)². Exact: the solution is an ordinary one on those columns that it uses, and with so
 * few columns every choice of them is tried.
 *
 * @param weights of each row, at least 0
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  values: readonly number[],
  weights: readonly number[],
): readonly number[] {
  const columns = rows[0]?.length ?? 0;
  assert(columns <= MOST_COLUMNS, `at most ${MOST_COLUMNS} coefficients are fitted`);
  // Columns of very different size (tokens, squared tokens) are brought to length 1.
  const dot = (f: (row: readonly number[], at: number) => number): number =>
    rows.reduce((sum, row, at) => sum + weights[at]! * f(row, at), 0);
  const scale = Array.from({ length: columns }, (_, i) => Math.sqrt(dot((row) => row[i]! ** 2)));
  const gram = scale.map((a, i) => scale.map((b, j) => dot((row) => row[i]! * row[j]!) / (a * b || 1)));
  const right = scale.map((a, i) => dot((row, at) => row[i]! * values[at]!) / (a || 1));
  let best: readonly number[] = scale.map(() => 0);
  let bestError = 0;
  for (let support = 1; support < 1 << columns; support++) {
    const used = scale.map((_, i) => i).filter((i) => (support >> i) & 1);
    const solution = solve(
      used.map((i) => used.map((j) => gram[i]![j]!)),
      used.map((i) => right[i]!),
    );
    if (!solution || solution.some((x) => x < 0)) continue;
    // The squared error beside Σ w·y², which all supports have in common.
    const error = -used.reduce((sum, i, at) => sum + solution[at]! * right[i]!, 0);
    if (error >= bestError) continue;
    bestError = error;
    best = scale.map((a, i) => (used.includes(i) ? solution[used.indexOf(i)]! / a : 0));
  }
  return best;
}

/** Solves a symmetric positive definite system with a diagonal of ones by Gauss; undefined if it is nearly singular. */
function solve(matrix: number[][], right: number[]): number[] | undefined {
  const n = right.length;
  for (let i = 0; i < n; i++) {
    const pivot = matrix[i]![i]!;
    if (pivot < SINGULAR) return undefined;
    for (let j = i + 1; j < n; j++) {
      const factor = matrix[j]![i]! / pivot;
      for (let k = i; k < n; k++) matrix[j]![k]! -= factor * matrix[i]![k]!;
      right[j]! -= factor * right[i]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) right[i]! -= matrix[i]![k]! * right[k]!;
    right[i]! /= matrix[i]![i]!;
  }
  return right;
}
