/** Readers for the arguments that GTP commands share. All of them throw the refusal 'syntax error' for what they cannot read. */

import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { parseVertex } from '../../src/go/vertex.js';
import { refusal } from './refusal.js';

/** The argument at `index`, which must be there. */
export function word(args: readonly string[], index: number): string {
  const value = args[index];
  if (value === undefined) throw refusal('syntax error');
  return value;
}

/** The color that `text` names, in any case; undefined if it names none. */
export function readColor(text: string | undefined): Color | undefined {
  switch (text?.toLowerCase()) {
    case 'b':
    case 'black':
      return BLACK;
    case 'w':
    case 'white':
      return WHITE;
    default:
      return undefined;
  }
}

/** The color at `index`, which must be there. @throws refusal */
export function color(args: readonly string[], index: number): Color {
  const value = readColor(word(args, index));
  if (value === undefined) throw refusal('syntax error');
  return value;
}

/** A number; `integer` refuses fractions. */
export function number(args: readonly string[], index: number, { integer = false, min = -Infinity } = {}): number {
  const text = word(args, index);
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value) || value < min || (integer && !Number.isInteger(value))) throw refusal('syntax error');
  return value;
}

/** A vertex as an action: a point, or size² for a pass. `text` is what to say for one off the board. */
export function vertex(text: string, size: number, otherwise = 'syntax error'): number {
  try {
    return parseVertex(text, size);
  } catch (error) {
    throw refusal(otherwise, error);
  }
}
