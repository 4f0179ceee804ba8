/**
 * Boards as pictures. `.` empty, `X` black, `O` white, one row a line from the top, spaces ignored; letters a–z mark
 * points by name.
 */

import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { Position } from '../../src/go/position.js';
import { defaultRules, type Rules } from '../../src/go/rules.js';

export interface Diagram {
  readonly position: Position;
  /** The point marked with `letter`. */
  readonly at: (letter: string) => number;
}

/** The position that `picture` shows, `toMove` to play, no history. */
export function diagram(picture: string, rules: Partial<Rules> = {}, toMove: Color = BLACK): Diagram {
  const rows = picture
    .trim()
    .split('\n')
    .map((row) => row.replaceAll(/\s/g, ''));
  const text = rows.join('');
  const size = rows.length;
  if (text.length !== size * size) throw new Error(`The diagram is not square: ${rows.join(' ')}`);
  const position = new Position(size, { ...defaultRules(size), komi: 0, ...rules });
  const points = (stone: string): number[] => Array.from(text).flatMap((c, point) => (c === stone ? [point] : []));
  position.placeStones(points('X'), BLACK);
  position.placeStones(points('O'), WHITE);
  position.setToMove(toMove);
  return {
    position,
    at: (letter) => {
      const point = text.indexOf(letter);
      if (point < 0) throw new Error(`No point '${letter}' in the diagram`);
      return point;
    },
  };
}

/** The stones of a position in the same form, marks gone. */
export function picture(position: Position): string {
  const { size } = position;
  const row = (r: number): string =>
    Array.from({ length: size }, (_, c) => '.XO'[position.stoneAt(r * size + c)]!).join('');
  return Array.from({ length: size }, (_, r) => row(r)).join('\n');
}
