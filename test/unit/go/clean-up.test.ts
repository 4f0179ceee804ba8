import { describe, expect, it } from 'vitest';
import { WHITE } from '../../../src/go/color.js';
import { cleanUpMove } from '../../../src/go/clean-up.js';
import type { Position } from '../../../src/go/position.js';
import { diagram } from '../../support/diagram.js';

/** Lets Black clean up while White passes; returns how many moves that took. */
function cleanUp(position: Position): number {
  let moves = 0;
  for (; moves < 20; moves++) {
    const move = cleanUpMove(position);
    if (move === undefined) break;
    position.play(move);
    position.play(position.actionCount - 1);
  }
  return moves;
}

describe('cleaning up', () => {
  it('takes dead stones from a pass-alive area, and leaves the area as it was', () => {
    const { position, at } = diagram(`
      . X . X .
      X X X X X
      a O b . .
      X X X X X
      . X . X .`);
    expect([at('a'), at('b')]).toContain(cleanUpMove(position));
    // Both liberties, while White passes.
    expect(cleanUp(position)).toBe(2);
    expect(position.score()).toBe(25);
  });

  it('does not fill an eye to get there', () => {
    const { position, at } = diagram(`
      . X a O X
      X X X X X
      . . . . .
      . . . . .
      . . . . .`);
    expect(cleanUpMove(position)).toBe(at('a'));
    position.play(at('a'));
    expect(position.stoneAt(3)).toBe(0);
  });

  it('does nothing where nothing is dead beyond doubt, or dead in the own hands of the opponent', () => {
    const { position } = diagram(`
      . . . . .
      . X . . .
      . . O . .
      . . . . .
      . . . . .`);
    expect(cleanUpMove(position)).toBeUndefined();
    const alive = `
      . X . X .
      X X X X X
      . O . . .
      X X X X X
      . X . X .`;
    expect(cleanUpMove(diagram(alive, {}, WHITE).position)).toBeUndefined();
  });
});
