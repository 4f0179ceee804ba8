/** Points of a board as SGF writes them, 'aa' being the top-left. */

import { check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** A point, or an empty text for a pass. */
export function formatSgfPoint(action: number, size: number): string {
  return action === size * size ? '' : letters[action % size]! + letters[Math.floor(action / size)]!;
}

/** @throws AppError 'invalid-argument' unless `text` is a point of the board or a pass ('' or 'tt') */
export function parseSgfMove(text: string, size: number): number {
  return text === '' || text === 'tt' ? size * size : parsePoint(text, text, size);
}

/** Reads points and compressed rectangles such as 'aa:cc'. @throws AppError 'invalid-argument' if one is off the board */
export function parseSgfPoints(texts: readonly string[], size: number): number[] {
  return texts.flatMap((text) => {
    const [from = '', to = from] = text.trim().split(':');
    const [a, b] = [parsePoint(from, text, size), parsePoint(to, text, size)];
    const points: number[] = [];
    for (let row = Math.floor(a / size); row <= Math.floor(b / size); row++) {
      for (let column = a % size; column <= b % size; column++) points.push(row * size + column);
    }
    return points;
  });
}

function parsePoint(point: string, text: string, size: number): number {
  const [column, row] = [letters.indexOf(point.charAt(0)), letters.indexOf(point.charAt(1))];
  check(
    point.length === 2 && column >= 0 && row >= 0 && column < size && row < size,
    () => `SGF point ${quoted(text)} is not on a board of size ${size}`,
  );
  return row * size + column;
}
