/** The board as text, for `showboard`: the engine's own view, meant for people. */

import { BLACK, WHITE, colorName } from '../../src/go/color.js';
import { formatVertex } from '../../src/go/vertex.js';
import type { GameState } from '../../src/player/game-state.js';

const marks = { 0: '.', [BLACK]: 'X', [WHITE]: 'O' } as const;

/** Several lines without an empty one; the last move stands in brackets. */
export function drawBoard(game: GameState): string {
  const { size, position, turns, rules } = game;
  const last = turns.at(-1);
  const letters = Array.from({ length: size }, (_, column) => formatVertex(column, size).charAt(0));
  const heading = `    ${letters.join(' ')}`;
  const lines = [`Moves: ${turns.length}  Next: ${colorName(position.toMove)}  Komi: ${rules.komi}`, heading];
  for (let row = 0; row < size; row++) {
    const number = String(size - row).padStart(2);
    let line = ` ${number}`;
    for (let column = 0; column < size; column++) {
      const point = row * size + column;
      const before = last?.action === point ? '(' : last?.action === point - 1 && column > 0 ? ')' : ' ';
      line += before + marks[position.stoneAt(point)];
    }
    lines.push(`${line}${last?.action === row * size + size - 1 ? ')' : ' '}${number.trim()}`);
  }
  return [...lines, heading].join('\n');
}
