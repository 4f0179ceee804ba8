import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { Chains, findChains, MOST_CELLS, toCells } from '../../../src/go/chains.js';
import { geometry } from '../../../src/go/geometry.js';
import { LadderReader } from '../../../src/go/ladders.js';
import { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { diagram } from '../../support/diagram.js';
import { plainLadders } from '../../support/plain-ladders.js';

/** Stones that ladders take, and moves that start ladders against Black or White, as vertices. */
function read(picture: string): { taken: string[]; startsOnBlack: string[]; startsOnWhite: string[] } {
  const { board, size } = diagram(picture).position;
  const chains = new Chains();
  findChains(board.geometry, board.stones, chains);
  const reader = new LadderReader();
  reader.read(board.geometry, board.stones, chains, 0);
  const vertices = (has: (cell: number) => boolean): string[] =>
    [...board.geometry.cellOf].flatMap((cell, point) => (has(cell) ? [formatVertex(point, size)] : []));
  return {
    taken: vertices((cell) => reader.taken[cell] === 1),
    startsOnBlack: vertices((cell) => (reader.starts[cell]! & 1) !== 0),
    startsOnWhite: vertices((cell) => (reader.starts[cell]! & 2) !== 0),
  };
}

describe('a ladder', () => {
  it('takes a chain in atari that runs to the edge', () => {
    expect(
      read(`
        . . . . . . .
        . . X X . . .
        . X O . . . .
        . . X . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
      `).taken,
    ).toEqual(['C5']);
  });

  it('fails where a breaker stands on the diagonal', () => {
    expect(
      read(`
        . . . . . . .
        . . X X . . .
        . X O . . . .
        . . X . . . .
        . . . . . . .
        . . . . . O .
        . . . . . . .
      `).taken,
    ).toEqual([]);
  });

  it('is started against two liberties by the move that works, not by the other', () => {
    expect(
      read(`
        . . . . . . .
        . . X . . . .
        . X O . . . .
        . X . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
      `),
    ).toEqual({ taken: ['C5'], startsOnBlack: [], startsOnWhite: ['D5'] });
    expect(
      read(`
        O . . . .
        . X . . .
        . . . . .
        . . . . .
        . . . . .
      `),
    ).toEqual({ taken: ['A5'], startsOnBlack: [], startsOnWhite: ['B5', 'A4'] });
    const broken = read(`
      . . . . . . .
      . . X . . . .
      . X O . . . .
      . X . . . . .
      . . . . . . .
      . . . . . O .
      . . . . . . .
    `);
    expect(broken).toEqual({ taken: [], startsOnBlack: [], startsOnWhite: [] });
  });

  it('fails where the prey takes a chaser that is in atari', () => {
    expect(
      read(`
        . . O O . . .
        . O X X O . .
        . X O . . . .
        . . X . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
      `).taken,
    ).not.toContain('C5');
  });

  it('does not take what lives by a ko', () => {
    // Black may take the ko at the edge instead of running.
    expect(
      read(`
        . O X . .
        O X . X .
        . O X . .
        . . . . .
        . . . . .
      `).taken,
    ).not.toContain('B4');
  });
});

/** Stones along random games, whose next move is near the last one or anywhere. */
function* boards(size: number, games: number): Generator<Uint8Array> {
  const rng = new Rng(size);
  const points = size * size;
  for (let game = 0; game < games; game++) {
    const position = new Position(size, { ...defaultRules(size), suicide: false });
    const isLocal = game % 2 === 0;
    let last = rng.int(points);
    for (let ply = 0; ply < points * 1.2; ply++) {
      const near = last + rng.int(5) - 2 + size * (rng.int(5) - 2);
      const move = isLocal && near >= 0 && near < points && rng.int(4) > 0 ? near : rng.int(points);
      if (!position.isLegal(move)) continue;
      position.play(move);
      last = move;
      yield position.snapshot().stones;
    }
  }
}

describe('ladders of random boards', () => {
  it.each([
    [4, 60],
    [5, 40],
    [7, 20],
    [9, 12],
    [19, 1],
  ])('are what a plain reader says, on %i × %i', (size, games) => {
    const board = geometry(size);
    const reader = new LadderReader();
    const [cells, chains] = [new Uint8Array(MOST_CELLS), new Chains()];
    let [read, taken, starts] = [0, 0, 0];
    for (const stones of boards(size, games)) {
      if (read++ % (size < 19 ? 3 : 9) !== 0) continue;
      toCells(board, stones, cells);
      findChains(board, cells, chains);
      // Now and then a point is banned, whether or not there is a ko.
      const banned = read % 2 === 0 ? stones.indexOf(0, read % stones.length) : -1;
      reader.read(board, cells, chains, banned < 0 ? 0 : board.cellOf[banned]!);
      const plain = plainLadders(size, stones, banned);
      const seen = {
        taken: of(reader.taken, board.cellOf).map((value) => value === 1),
        starts: of(reader.starts, board.cellOf),
      };
      expect(seen, [...stones].join('')).toEqual(plain);
      taken += plain.taken.filter(Boolean).length;
      starts += plain.starts.filter((value) => value > 0).length;
    }
    expect(Math.min(taken, starts)).toBeGreaterThan(100);
  });
});

function of(values: Uint8Array, cells: ArrayLike<number>): number[] {
  return Array.from(cells, (cell) => values[cell]!);
}
