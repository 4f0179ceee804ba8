import { describe, expect, it } from 'vitest';
import { factsAt, meanRates, sharesOf, type ShownTree } from '../../../clients/web/games/tree-place.js';
import { packPolicy, type GameRecord } from '../../../src/go/game-record.js';
import type { GamePosition } from '../../../src/proto/tengen/v1/game.js';
import { playTree } from '../../support/played-tree.js';

const position = (variation: number, ply: number, labelChangeRate = 0): GamePosition => ({
  variation,
  ply,
  labelChangeRate,
  eligible: false,
  winRate: 0.5,
  valueLabel: 0.5,
  games: 1,
});

/** A branch of a branch: game 1 leaves game 0 after 4 moves, game 2 leaves game 1 after 6. */
function treeOfThree(): ShownTree {
  const [played] = playTree({ size: 5, branching: { variations: 1 } });
  const shared = [0, 5, 7];
  const records = shared.map((sharedMoves, index): GameRecord => ({
    ...played!,
    searches: played!.searches.slice(sharedMoves),
    variation: { treeId: 'tree', index, sharedMoves, backUp: 0, isLast: false },
  }));
  const branches = [undefined, { parent: 0, ply: 4 }, { parent: 1, ply: 6 }];
  const variations = branches.map((branch) => branch && { branch });
  const positions = [position(0, 2), position(0, 4), position(1, 6), position(2, 8)];
  return { view: { variations: variations.map((each) => each ?? {}), positions }, records } as unknown as ShownTree;
}

describe('a place in a game tree', () => {
  const tree = treeOfThree();
  const owner = (variation: number, ply: number): number => factsAt(tree, { variation, ply }).owner;

  it('belongs to the game in which the position came up first', () => {
    expect([0, 4, 5, 6, 7, 8].map((ply) => owner(2, ply))).toEqual([0, 0, 1, 1, 2, 2]);
    expect([4, 5, 8].map((ply) => owner(1, ply))).toEqual([0, 1, 1]);
    expect(owner(0, 8)).toBe(0);
  });

  it('has the search and the figures of that game', () => {
    for (const [variation, ply, from, first] of [
      [2, 2, 0, 0],
      [2, 6, 1, 5],
      [2, 8, 2, 7],
    ] as const) {
      const facts = factsAt(tree, { variation, ply });
      expect(facts.search).toBe(tree.records[from]!.searches[ply - first]);
      expect(facts.position).toMatchObject({ variation: from, ply });
    }
  });

  it('has neither after the end', () => {
    const facts = factsAt(tree, { variation: 0, ply: tree.records[0]!.moves.length });
    expect(facts).toEqual({ owner: 0, search: undefined, position: undefined });
  });
});

it('shares of moves come out as they were packed', () => {
  const policy = [0, 0.25, 0, 0.5, 0.25];
  const search = { policy: packPolicy(policy), value: 0, visits: 4, full: true };
  const shares = sharesOf(search, 2)!;
  expect(shares).toHaveLength(5);
  policy.forEach((share, action) => expect(shares[action]).toBeCloseTo(share, 4));
  expect(sharesOf({ ...search, policy: new Uint16Array() }, 2)).toBeUndefined();
  expect(sharesOf(undefined, 2)).toBeUndefined();
});

it('rates are averaged by ply, and are missing where nothing was searched', () => {
  expect(meanRates([position(0, 0, 0.2), position(0, 2, 0.5), position(1, 2, 0.1)])).toEqual([0.2, undefined, 0.3]);
  expect(meanRates([])).toEqual([]);
});
