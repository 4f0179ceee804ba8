import { describe, expect, it } from 'vitest';
import { Chains, findChains } from '../../../src/go/chains.js';
import { LadderReader } from '../../../src/go/ladders.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { diagram } from '../../support/diagram.js';

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
