import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { Chains, findChains, MOST_CELLS, toCells } from '../../../src/go/chains.js';
import { geometry } from '../../../src/go/geometry.js';
import { LadderMemo } from '../../../src/go/ladder-memo.js';
import { LadderReader } from '../../../src/go/ladders.js';
import { makeOpeningBook } from '../../../src/go/opening-book.js';
import { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';

/** Boards of several sizes along random games, each of them twice. */
function* boards(): Generator<{ size: number; stones: Uint8Array }> {
  for (const size of [5, 9, 19]) {
    const rules = defaultRules(size);
    for (const moves of makeOpeningBook({ size, rules, plies: size * 4, count: 6 }, new Rng(size))) {
      const position = new Position(size, rules);
      for (const move of moves) {
        position.play(move);
        if (position.isOver) break;
        const { stones } = position.snapshot();
        yield { size, stones };
        yield { size, stones };
      }
    }
  }
}

describe('a memory of ladders', () => {
  it('says what the reader says, and reads a board once', () => {
    const [memo, reader] = [new LadderMemo(), new LadderReader()];
    const [cells, chains] = [new Uint8Array(MOST_CELLS), new Chains()];
    let [read, asked] = [0, 0];
    for (const { size, stones } of boards()) {
      const board = geometry(size);
      toCells(board, stones, cells);
      findChains(board, cells, chains);
      for (const ko of [0, board.cellOf[stones.indexOf(0)]!]) {
        reader.read(board, cells, chains, ko);
        const told = memo.read(board, cells, () => (read++, chains), ko);
        asked++;
        const { taken, starts } = reader;
        expect(told.taken.slice(0, board.cells)).toEqual(taken.slice(0, board.cells));
        expect(told.starts.slice(0, board.cells)).toEqual(starts.slice(0, board.cells));
      }
    }
    expect(asked).toBeGreaterThan(1000);
    // Nearly all: now and then a board takes the place of another before that comes again.
    expect(read).toBeLessThan(0.55 * asked);
  });
});
