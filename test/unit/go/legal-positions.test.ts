/**
 * The rules' perft: how many colorings of the board are legal positions (OEIS A094777; Tromp & Farnebäck,
 * "Combinatorics of Go"). A coloring is legal if every chain has a liberty.
 */

import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import { checkSnapshot, findChainWithoutLiberties, type Snapshot } from '../../../src/go/snapshot.js';

function colorings(size: number): Uint8Array[] {
  const points = size * size;
  return Array.from({ length: 3 ** points }, (_, index) =>
    Uint8Array.from({ length: points }, (_, point) => Math.floor(index / 3 ** point) % 3),
  );
}

/** The points of all chains without liberties, by flooding each chain. */
function deadByFlood(size: number, stones: Uint8Array): Set<number> {
  const neighbours = (point: number): number[] => {
    const column = point % size;
    const sides = [column > 0 ? point - 1 : -1, column < size - 1 ? point + 1 : -1];
    return [point - size, point + size, ...sides].filter((other) => other >= 0 && other < stones.length);
  };
  const dead = new Set<number>();
  for (let start = 0; start < stones.length; start++) {
    const chain = new Set([start]);
    for (const point of chain) for (const n of neighbours(point)) if (stones[n] === stones[start]) chain.add(n);
    const lives = [...chain].some((point) => neighbours(point).some((n) => stones[n] === 0));
    if (stones[start] !== 0 && !lives) dead.add(start);
  }
  return dead;
}

/** Whether the board lets the stones be set up one by one. */
function boardAccepts(size: number, stones: Uint8Array): boolean {
  const position = new Position(size, { ko: 'positional', suicide: false, komi: 0 });
  const points = [...stones.keys()];
  try {
    position.placeStones(
      points.filter((p) => stones[p] === BLACK),
      BLACK,
    );
    position.placeStones(
      points.filter((p) => stones[p] === WHITE),
      WHITE,
    );
    return true;
  } catch {
    return false;
  }
}

describe('legal positions', () => {
  it.each([
    [1, 1],
    [2, 57],
    [3, 12_675],
  ])('on size %i number %i, as the board accepts them', (size, expected) => {
    expect(colorings(size).filter((stones) => boardAccepts(size, stones)).length).toBe(expected);
  });

  it.each([
    [1, 1],
    [2, 57],
    [3, 12_675],
  ])('on size %i number %i, as the check of snapshots finds them', (size, expected) => {
    const legal = colorings(size).filter((stones) => findChainWithoutLiberties(size, stones) < 0);
    expect(legal.length).toBe(expected);
  });

  it('are those without a chain that a flood finds dead, on boards of any size in any order', () => {
    const rng = new Rng(11);
    for (let i = 0; i < 400; i++) {
      const size = 2 + rng.int(18);
      // Few empty points, so that about as many boards have a dead chain as have none.
      const stones = Uint8Array.from({ length: size * size }, () => (rng.float() < 0.12 ? 0 : 1 + rng.int(2)));
      const found = findChainWithoutLiberties(size, stones);
      const dead = deadByFlood(size, stones);
      expect(dead.size === 0 ? found === -1 : dead.has(found), `size ${size}: ${stones.join('')}`).toBe(true);
    }
  });

  it('may have a chain that winds through the whole board to its one liberty', () => {
    const size = 19;
    // Black fills every other column, joined at the bottom and the top in turn; the columns between are White's.
    const stones = Uint8Array.from({ length: size * size }, (_, point) => {
      const [row, column] = [Math.floor(point / size), point % size];
      const joins = row === (column % 4 === 1 ? size - 1 : 0);
      return column % 2 === 0 || joins ? BLACK : WHITE;
    });
    stones[size - 1] = 0;
    // Black lives, so the first chain without liberty is White's.
    expect(stones[findChainWithoutLiberties(size, stones)]).toBe(WHITE);
    stones[size - 1] = BLACK;
    expect(stones[findChainWithoutLiberties(size, stones)]).toBe(BLACK);
  });

  it('are all that play reaches on 2×2', () => {
    const seen = new Set<string>();
    const visited = new Set<string>();
    // Under simple ko the situation is stones, side to move and ko point; passes are bounded by playing at most one.
    const visit = (position: Position): void => {
      const { stones, toMove, banned } = position.snapshot();
      const key = `${stones.join('')} ${toMove} ${banned.join()} ${position.lastMoves[0] === 4}`;
      if (visited.has(key)) return;
      visited.add(key);
      seen.add(stones.join(''));
      for (let action = 0; action <= 4; action++) {
        const next = position.clone();
        if (next.tryPlay(action) === undefined && !next.isOver) visit(next);
      }
    };
    visit(new Position(2, { ko: 'simple', suicide: true, komi: 0 }));
    expect(seen.size).toBe(57);
  });
});

describe('the check of snapshots', () => {
  const good: Snapshot = {
    size: 2,
    stones: Uint8Array.of(1, 0, 0, 2),
    toMove: BLACK,
    rules: { ko: 'simple', suicide: false, komi: 0.5 },
    lastMoves: [3, 4],
    banned: [1],
  };
  it('accepts a position from a game', () => {
    expect(() => checkSnapshot(good)).not.toThrow();
  });
  it.each<[Partial<Snapshot>, string]>([
    [{ size: 1 }, 'size is 1; it must be a whole number from 2 to 19'],
    [{ size: 20 }, 'size is 20'],
    [{ size: 2.5 }, 'size is 2.5'],
    [{ stones: new Uint8Array(3) }, 'stones has 3 entries; size 2 needs 4'],
    [{ stones: Uint8Array.of(0, 3, 0, 0) }, 'stones[1] is 3; it must be 0 (empty), 1 (black) or 2 (white)'],
    [{ stones: Uint8Array.of(1, 2, 2, 0), banned: [] }, 'the chain at point 0 has no liberties'],
    [{ stones: Uint8Array.of(1, 1, 1, 1), banned: [] }, 'has no liberties'],
    [{ toMove: 0 as 1 }, 'to_move is 0; it must be 1 (black) or 2 (white)'],
    [{ rules: { ...good.rules, komi: 0.25 } }, 'komi is 0.25; on size 2 it must be a multiple of 0.5 from -4 to 4'],
    [{ rules: { ...good.rules, komi: 4.5 } }, 'komi is 4.5'],
    [{ rules: { ...good.rules, komi: NaN } }, 'komi is NaN'],
    [{ rules: { ...good.rules, ko: 'super' as 'simple' } }, "ko rule is 'super'"],
    [{ lastMoves: [0, 1, 2, 3, 4, 0] }, 'last_moves has 6 entries; at most 5 allowed'],
    [{ lastMoves: [5] }, 'last_moves holds 5; a move on size 2 is 0 to 4, 4 being a pass'],
    [{ banned: [0] }, 'banned holds 0; it must be an empty point'],
    [{ banned: [4] }, 'banned holds 4'],
    [{ banned: [1, 1, 1, 1, 1] }, 'banned has 5 entries'],
    [{ rules: { ...good.rules, scoring: 'hands' as 'area' } }, "scoring is 'hands'; it must be one of area, territory"],
    [{ rules: { ...good.rules, tax: 'some' as 'all' } }, "tax is 'some'; it must be one of none, seki, all"],
    [{ captured: [0] }, 'captured holds 0; it must be an empty point from 0 to 3'],
    [{ captured: [1], lastMoves: [] }, 'captured has entries, but last_moves is empty'],
    [{ capturedBefore: [1], lastMoves: [3] }, 'captured_before has entries, but last_moves has 1'],
    [{ capturedBefore: [0] }, 'captured_before holds 0'],
    [{ bonus: 0.25 }, 'bonus is 0.25; it must be a multiple of 0.5 from -5000 to 5000'],
  ])('refuses %j', (change, message) => {
    expect(() => checkSnapshot({ ...good, ...change })).toThrow(message);
  });
});
