import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import { driveSync } from '../../../src/search/drive.js';
import { Search } from '../../../src/search/search.js';

const rules = { ko: 'positional', suicide: false, komi: 0.5 } as const;
const pass = 25;

/** A network that believes the side to move has won, and that passing is the best move. */
function believer(positions: readonly Position[]): { logits: Float32Array; value: number }[] {
  return positions.map((position) => {
    const logits = new Float32Array(26);
    logits[pass] = 3;
    return { logits, value: position.toMove === WHITE ? 0.9 : -0.9 };
  });
}

describe('a game that the next player may end', () => {
  it('is worth at least what ending it gives', () => {
    const position = new Position(5, rules);
    position.placeStones([12], BLACK);
    expect(position.endingValue()).toBeUndefined();
    position.play(0);
    position.play(pass);
    expect(position.endingValue()).toBe(1);
  });

  it('keeps a side that is behind from passing, whatever the network thinks of the position', () => {
    // Black has the whole board; White to move believes in a win. Passing would let Black end the game.
    const position = new Position(5, rules);
    position.placeStones([12], BLACK);
    position.setToMove(WHITE);
    const result = driveSync(new Search(position, { visits: 60 }, new Rng(1)).run(), believer);
    expect(result.bestAction).not.toBe(pass);
    expect(result.visitCounts[pass]).toBeLessThan(5);
  });
});
