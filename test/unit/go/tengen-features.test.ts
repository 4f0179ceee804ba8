import { describe, expect, it } from 'vitest';
import { WHITE } from '../../../src/go/color.js';
import { tengen1 } from '../../../src/go/tengen-features.js';
import { Position } from '../../../src/go/position.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { featuresOf, type Features } from '../../support/features.js';

const features = (snapshot: Snapshot): Features => featuresOf(tengen1, snapshot);

describe('the features tengen-1', () => {
  it('show stones, liberties, banned points and moves to the side to move', () => {
    // X . O    White to move; X's corner stone has 1 liberty more than O's column needs.
    // . O .
    // X . .
    const snapshot: Snapshot = {
      size: 3,
      stones: Uint8Array.of(1, 0, 2, 0, 2, 0, 1, 0, 0),
      toMove: WHITE,
      rules: { ko: 'positional', suicide: true, komi: 4.5 },
      lastMoves: [6, 2, 9, 4, 0],
      banned: [3],
    };
    const { plane, globals } = features(snapshot);
    expect(plane(0)).toHaveLength(9);
    expect([plane(1), plane(2)]).toEqual([
      [2, 4],
      [0, 6],
    ]);
    expect([plane(3), plane(4), plane(5)]).toEqual([[], [0, 2, 6], []]);
    expect([6, 7, 8, 9, 10, 11].map(plane)).toEqual([[3], [6], [2], [], [4], [0]]);
    expect(globals).toEqual([0, 0, 2, 1, 0, 1, -0.5]);
  });

  it('tell a pass, the ko rule and komi for either side', () => {
    const position = new Position(4, { ko: 'situational', suicide: false, komi: 2 });
    position.play(0);
    position.play(16);
    expect(features(position.snapshot()).globals).toEqual([1, 0, -0.5, 0, 1, 0, 0]);
    position.play(5);
    expect(features(position.snapshot()).globals).toEqual([0, 1, 0.5, 0, 1, 0, 0]);
  });

  it('have a parity wave that is zero at komi values of a possible draw and half-way between', () => {
    const wave = (size: number, komi: number): number =>
      features(new Position(size, { ko: 'simple', suicide: false, komi }).snapshot()).globals[6]!;
    // Black to move sees −komi. Odd boards draw at odd komi.
    expect([5, 5.5, 6, 6.5, 7, 7.5].map((komi) => wave(7, komi))).toEqual([0, -0.5, 0, 0.5, 0, -0.5]);
    expect([4, 4.5, 5, 5.5, 6].map((komi) => wave(6, komi))).toEqual([0, -0.5, 0, 0.5, 0]);
  });
});
