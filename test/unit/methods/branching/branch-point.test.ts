import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { eligibilityOf, movesTo, pickBranch } from '../../../../src/methods/branching/branch-point.js';
import type { GameTree, SearchedPosition } from '../../../../src/methods/branching/game-tree.js';
import { branchSettings, searchedPosition, smallVariations, treeOf } from '../../../support/branch-trees.js';

/** One game in which move 0 is played throughout, over positions with these win rates. */
function lineOf(
  winRates: readonly number[],
  change: (position: SearchedPosition, ply: number) => SearchedPosition = (p) => p,
) {
  return {
    moves: winRates.map(() => 0),
    sharedMoves: 0,
    positions: winRates.map((winRate, ply) => change(searchedPosition(winRate, [0.5, 0.3, 0.2]), ply)),
    result: 1,
  };
}

/** A position through which went games with these results; they part there. */
function starOf(winRate: number, results: readonly number[]): GameTree {
  const position = searchedPosition(
    winRate,
    results.map(() => 1),
  );
  return treeOf(
    results.map((result, move) => ({
      moves: [move],
      result,
      ...(move === 0 ? { sharedMoves: 0, positions: [position] } : { sharedMoves: 1, positions: [] }),
    })),
  );
}

describe('eligibility', () => {
  it('gives positions above the threshold their move number as weight, the others none (equation 4)', () => {
    const tree = treeOf([lineOf([0.5, 0.45, 0.4, 0.61, 0.55, 0.9])]);
    const { lcr, weights, threshold, eligibleShare } = eligibilityOf(tree, branchSettings());
    [0.5, 0.495, 0.48, 0.4758, 0.495, 0.18].forEach((rate, i) => expect(lcr[i]).toBeCloseTo(rate, 12));
    expect([...weights]).toEqual([0, 1, 0, 0, 4, 0]);
    expect(threshold).toBe(0.48);
    expect(eligibleShare).toBe(0.5);
  });

  it('weighs all eligible positions alike without the move number, the start included', () => {
    const tree = treeOf([lineOf([0.5, 0.45, 0.4, 0.61, 0.55, 0.9])]);
    expect([...eligibilityOf(tree, branchSettings({ moveNumberWeight: false })).weights]).toEqual([1, 1, 0, 0, 1, 0]);
  });

  it('weighs all candidates alike where points are random', () => {
    const line = lineOf([0.5, 0.1, 0.9], (position, ply) => ({ ...position, isCandidate: ply !== 1 }));
    expect([...eligibilityOf(treeOf([line]), branchSettings({ points: 'random' })).weights]).toEqual([1, 0, 1]);
  });

  it('leaves out positions that are no candidates, from the share as well', () => {
    const line = lineOf([0.5, 0.5, 0.5, 0.9], (position, ply) => ({ ...position, isCandidate: ply !== 1 }));
    const { weights, eligibleShare } = eligibilityOf(treeOf([line]), branchSettings());
    expect([...weights]).toEqual([0, 0, 2, 0]);
    expect(eligibleShare).toBeCloseTo(2 / 3, 12);
  });

  // Section 2.2 of ../shared/spec/branching.md: for 0 to 5 pairs, the fewest changed ones with which a position of this
  // win rate is still eligible (c = 10, threshold 0.48); '-' where none are enough.
  it.each([
    [0.5, '0 1 1 2 2 3'],
    [0.42, '0 1 1 2 2 3'],
    [0.4, '- 1 1 2 2 3'],
    [0.35, '- 1 2 2 3 3'],
    [0.3, '- - 2 3 3 4'],
    [0.2, '- - - - 4 5'],
  ])('of win rate %d needs this many changes in 0 to 5 pairs: %s', (winRate, expected) => {
    const isEligible = (pairs: number, changed: number): boolean => {
      const results = Array.from({ length: 2 * pairs }, (_, i) => (i % 2 === 1 && i < 2 * changed ? 0 : 1));
      // Before the first game there is no tree; one result is no pair yet.
      const tree = starOf(winRate, results.length === 0 ? [1] : results);
      return eligibilityOf(tree, branchSettings({ moveNumberWeight: false })).weights[0] === 1;
    };
    const fewest = [0, 1, 2, 3, 4, 5].map((pairs) => {
      for (let changed = 0; changed <= pairs; changed++) if (isEligible(pairs, changed)) return changed;
      return '-';
    });
    expect(fewest.join(' ')).toBe(expected);
  });
});

describe('the threshold', () => {
  const thresholdOf = (winRates: number[], adaptiveThreshold: boolean): number =>
    eligibilityOf(treeOf([lineOf(winRates)]), branchSettings({ adaptiveThreshold })).threshold;

  it('is the one set if fixed, whatever the tree is', () => {
    expect(thresholdOf([0.9, 0.9, 0.9], false)).toBe(0.48);
  });

  it('is at most the rate of the first position if adaptive', () => {
    expect(thresholdOf([0.8, 0.5, 0.5], true)).toBeCloseTo(0.32, 12);
    expect(thresholdOf([0.55, 0.5, 0.5], true)).toBe(0.48);
  });

  it('stays where it is in a tree without candidates, such as a rating game', () => {
    const line = lineOf([0.8, 0.5], (position) => ({ ...position, isCandidate: false }));
    expect(eligibilityOf(treeOf([line]), branchSettings({ adaptiveThreshold: true }))).toMatchObject({
      threshold: 0.48,
      eligibleShare: 0,
    });
  });

  it('is the 90th percentile of the tree if hardly any position would pass', () => {
    // Rates fall from 2 · 0.8 · 0.2 at the start: none is above the first.
    const winRates = Array.from({ length: 11 }, (_, ply) => 0.8 + ply / 100);
    expect(thresholdOf(winRates, true)).toBeCloseTo(2 * 0.81 * 0.19, 12);
    const { weights } = eligibilityOf(
      treeOf([lineOf(winRates)]),
      branchSettings({ adaptiveThreshold: true, moveNumberWeight: false }),
    );
    expect([...weights]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('looks at candidates only', () => {
    const winRates = Array.from({ length: 11 }, (_, ply) => 0.8 + ply / 100);
    const line = lineOf(winRates, (position, ply) => ({ ...position, isCandidate: ply > 5 }));
    const { threshold } = eligibilityOf(treeOf([line]), branchSettings({ adaptiveThreshold: true }));
    expect(threshold).toBeCloseTo(2 * 0.87 * 0.13, 12);
  });
});

describe('a branch', () => {
  it('is drawn in proportion to the weights (equation 5)', () => {
    // The moves that were played have no weight, so that no draw collides.
    const line = lineOf([0.9, 0.5, 0.9, 0.5], (position) => ({ ...position, policy: [0, 0, 1, 0.5, 2, 0.5] }));
    const tree = treeOf([line]);
    const rng = new Rng(11);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[pickBranch(tree, branchSettings(), rng)!.node.ply]!++;
    expect([counts[0], counts[2]]).toEqual([0, 0]);
    expect(Math.abs(counts[3]! / 8000 - 0.75)).toBeLessThan(0.02);
  });

  it('backs up over explored moves, past positions that are no candidates, and counts the plies', () => {
    const only = (move: number): number[] => [0, 1, 2].map((other) => (other === move ? 1 : 0));
    const line = lineOf([0.9, 0.5, 0.9, 0.5, 0.5], (position, ply) => ({
      ...position,
      isCandidate: ply !== 2,
      // Only ply 1 has a move other than the one played; ply 2 would have one, if it were a candidate.
      policy: searchedPosition(0, only(ply === 1 || ply === 2 ? 2 : 0)).policy,
    }));
    const tree = treeOf([line]);
    const backUps = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const branch = pickBranch(tree, branchSettings(), new Rng(seed))!;
      expect([branch.node.ply, branch.move]).toEqual([1, 2]);
      backUps.add(branch.backUp);
    }
    // Sampled at plies 1, 3 and 4.
    expect([...backUps].sort()).toEqual([0, 2, 3]);
  });

  it('is none if the way back ends at the start', () => {
    const line = lineOf([0.5, 0.5, 0.5], (position) => ({ ...position, policy: [0, 1, 1, 0] }));
    expect(pickBranch(treeOf([line]), branchSettings(), new Rng(1))).toBeUndefined();
  });

  it('is none if nothing is eligible, or only the start is and the move number weighs', () => {
    expect(pickBranch(treeOf([lineOf([0.9, 0.9])]), branchSettings(), new Rng(1))).toBeUndefined();
    expect(pickBranch(treeOf([lineOf([0.5, 0.9])]), branchSettings(), new Rng(1))).toBeUndefined();
  });

  it('is none once the tree has its games; one game a tree is plain self-play', () => {
    const tree = treeOf(smallVariations());
    const random = { points: 'random', temperature: 100 } as const;
    expect(pickBranch(tree, branchSettings({ ...random, variations: 3 }), new Rng(1))).toBeUndefined();
    const drawn = [1, 2, 3, 4, 5, 6].map((seed) =>
      pickBranch(tree, branchSettings({ ...random, variations: 4 }), new Rng(seed)),
    );
    expect(drawn.some((branch) => branch !== undefined)).toBe(true);
    expect(pickBranch(treeOf([lineOf([0.5, 0.5])]), branchSettings({ variations: 1 }), new Rng(1))).toBeUndefined();
  });

  it.each([
    [1, 0.6],
    [0.5, 0.36 / 0.52],
    [2, Math.sqrt(0.3) / (Math.sqrt(0.3) + Math.sqrt(0.2))],
  ])('draws its move from the stored policy at temperature %d', (temperature, expected) => {
    // Move 0 was played, moves 1 and 2 have weights 0.3 and 0.2; what collides at ply 1 ends at ply 0, which is full.
    const line = lineOf([0.9, 0.5], (position, ply) => (ply === 0 ? { ...position, policy: [0, 1] } : position));
    const tree = treeOf([line]);
    const rng = new Rng(5);
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const branch = pickBranch(tree, branchSettings({ temperature }), rng);
      if (branch) counts[branch.move]!++;
    }
    const share = counts[1]! / (counts[1]! + counts[2]!);
    expect(counts[0]).toBe(0);
    expect(Math.abs(share - expected)).toBeLessThan(0.02);
  });
});

it('the moves to a position lead there from the start', () => {
  const tree = treeOf(smallVariations());
  expect(tree.positions.map(movesTo)).toEqual([[], [0], [0, 0], [0, 1], [1], [1, 2]]);
});
