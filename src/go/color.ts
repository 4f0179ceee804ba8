/**
 * The three things a point can hold. The numbers travel on the wire and index the tables of the board.
 */

/** A point without a stone. */
export const EMPTY = 0;
/** Black, who moves first. */
export const BLACK = 1;
/** White, who receives komi. */
export const WHITE = 2;

/** A player, or the color of a stone. */
export type Color = typeof BLACK | typeof WHITE;

/** What a point holds. */
export type Stone = typeof EMPTY | Color;

/** The other player. */
export function opponent(color: Color): Color {
  return (3 - color) as Color;
}

/** 'black' or 'white', for messages. */
export function colorName(color: Color): string {
  return color === BLACK ? 'black' : 'white';
}
