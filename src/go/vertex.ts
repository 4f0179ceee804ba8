/**
 * Points as people write them: GTP vertices (GTP 2 draft, 2.11). Columns are letters without I from the left, rows
 * numbers from the bottom.
 */

import { check } from '../core/errors.js';

const COLUMNS = 'ABCDEFGHJKLMNOPQRST';

/** A point or a pass as text, such as 'D4' or 'pass'. */
export function formatVertex(action: number, size: number): string {
  if (action === size * size) return 'pass';
  return `${COLUMNS[action % size] ?? '?'}${size - Math.floor(action / size)}`;
}

/** @throws AppError 'invalid-argument' unless `text` is a vertex on a board of this size, or 'pass', in any case */
export function parseVertex(text: string, size: number): number {
  const upper = text.trim().toUpperCase();
  if (upper === 'PASS') return size * size;
  const match = /^([A-HJ-Z])(\d{1,2})$/.exec(upper);
  const column = match ? COLUMNS.indexOf(match[1]!) : -1;
  const row = match ? Number(match[2]) : 0;
  check(
    column >= 0 && column < size && row >= 1 && row <= size,
    () => `'${text}' is not a vertex; size ${size} has A1 to ${formatVertex(size - 1, size)}, and pass`,
  );
  return (size - row) * size + column;
}
