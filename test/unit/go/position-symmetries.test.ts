import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import { symmetricActions } from '../../../src/go/position-symmetries.js';
import { defaultRules } from '../../../src/go/rules.js';
import { symmetryMap } from '../../../src/go/symmetry.js';

const size = 5;
const empty = (): Position => new Position(size, { ...defaultRules(size), ko: 'simple' });

function searched(position: Position): number[] {
  const found = symmetricActions(position)!;
  return [...found.representative].filter((representative, action) => representative === action);
}

describe('symmetric actions', () => {
  it('leave one action of each kind on an empty board', () => {
    // A triangle of six points, and the pass.
    expect(searched(empty())).toEqual([0, 1, 2, 6, 7, 12, 25]);
    const { representative, symmetry } = symmetricActions(empty())!;
    representative.forEach((other, action) => expect(symmetryMap(size, symmetry[action]!)[other]).toBe(action));
  });

  it('know moves on the axis, and passes', () => {
    const position = empty();
    position.play(2);
    position.play(25);
    expect(searched(position)).toHaveLength(3 * 5 + 1);
  });

  it('are undefined where only the stones are symmetric, as the last moves are seen by the network', () => {
    const position = empty();
    for (const move of [6, 8, 18, 16]) position.play(move);
    expect(symmetricActions(position)).toBeUndefined();
  });

  it('take setup stones of both colors into account', () => {
    const position = empty();
    position.placeStones([6, 18], BLACK);
    position.placeStones([8], WHITE);
    // Only the diagonal through the white stone is left.
    expect(searched(position)).toHaveLength(15 + 1);
    position.placeStones([0], WHITE);
    expect(symmetricActions(position)).toBeUndefined();
  });
});
