import { describe, expect, it } from 'vitest';
import { GameTree, type NewVariation, type TreeNode } from '../../../../src/methods/branching/game-tree.js';
import { searchedPosition, smallVariations, treeOf } from '../../../support/branch-trees.js';

/** Everything that is in a tree, as plain data. */
function contents(tree: GameTree): unknown {
  const describeNode = (node: TreeNode): unknown => ({
    ply: node.ply,
    move: node.move,
    variation: node.variation,
    results: node.results,
    weighted: node.weightedResult,
    children: [...node.children.values()].map(describeNode),
  });
  return {
    variations: tree.variations,
    positions: tree.positions.map(({ ply, variation }) => [variation, ply]),
    root: tree.root && describeNode(tree.root),
  };
}

describe('a tree of three games', () => {
  const tree = treeOf(smallVariations());
  const at = (...moves: number[]): TreeNode => moves.reduce((node, move) => node.children.get(move)!, tree.root!);

  it('keeps what the games share once', () => {
    expect(tree.variations).toBe(3);
    expect(tree.positions).toEqual([at(), at(0), at(0, 0), at(0, 1), at(1), at(1, 2)]);
  });

  it('knows the results through every position, in the order in which the games ended', () => {
    expect(at().results).toEqual([1, 0, 0]);
    expect(at(0).results).toEqual([1, 0]);
    expect(at(0, 0).results).toEqual([1]);
    expect(at(0, 1).results).toEqual([0]);
    expect(at(1).results).toEqual([0]);
    expect(at(1, 2, 2).results).toEqual([0]);
  });

  it('knows where a position is and in which game it came up', () => {
    expect(at(0, 1)).toMatchObject({ ply: 2, move: 1, moveWeight: 0.2, variation: 1, parent: at(0) });
    expect(at()).toMatchObject({ ply: 0, move: undefined, moveWeight: 0, variation: 0, parent: undefined });
    expect(at(0, 0, 0).searched).toBeUndefined();
  });

  it('hands back the positions of the game added', () => {
    const again = treeOf(smallVariations().slice(0, 2));
    const path = again.add(smallVariations()[2]!);
    expect(path.map(({ ply, move }) => [ply, move])).toEqual([
      [0, undefined],
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
    expect(path[0]).toBe(again.root);
  });
});

describe('a tree', () => {
  it('takes a game without moves and one that ends with the drawn move', () => {
    expect(treeOf([{ moves: [], sharedMoves: 0, positions: [], result: 0.5 }]).root?.results).toEqual([0.5]);
    const tree = treeOf(smallVariations());
    expect(tree.add({ moves: [2], sharedMoves: 1, positions: [], result: 1 })).toHaveLength(2);
    expect(tree.root?.results).toEqual([1, 0, 0, 1]);
    expect(tree.positions).toHaveLength(6);
  });

  it('keeps positions that were not searched out of the list of positions', () => {
    const tree = treeOf([
      { moves: [4, 5], sharedMoves: 0, positions: [undefined, searchedPosition(0.5, [1])], result: 1 },
    ]);
    expect(tree.positions.map(({ ply }) => ply)).toEqual([1]);
    expect(tree.root?.results).toEqual([1]);
  });
});

describe('a game that does not fit is refused and leaves the tree as it was', () => {
  const own = [searchedPosition(0.5, [1])];
  const refused: [string, NewVariation, RegExp][] = [
    [
      'result below 0',
      { moves: [2, 0], sharedMoves: 1, positions: own, result: -1 },
      /^Variation 3 has result -1; .*0 to 1/,
    ],
    ['result above 1', { moves: [2, 0], sharedMoves: 1, positions: own, result: 2 }, /has result 2/],
    ['result that is no number', { moves: [2, 0], sharedMoves: 1, positions: own, result: NaN }, /has result NaN/],
    ['a position too few', { moves: [2, 0, 0], sharedMoves: 1, positions: own, result: 1 }, /1 positions for 2 moves/],
    ['nothing shared', { moves: [2], sharedMoves: 0, positions: own, result: 1 }, /shares 0 moves; .*from 1 to the 1/],
    [
      'more shared than played',
      { moves: [2], sharedMoves: 2, positions: [], result: 1 },
      /^Variation 3 shares 2 moves; it must be from 1 to the 1 of the game/,
    ],
    [
      'an unknown way',
      { moves: [0, 2, 1, 0], sharedMoves: 3, positions: own, result: 1 },
      /move 2 at ply 1; no earlier/,
    ],
    [
      'an explored move',
      { moves: [0, 1, 0], sharedMoves: 2, positions: own, result: 1 },
      /move 1 at ply 1; that was expl/,
    ],
  ];
  it.each(refused)('%s', (_, variation, message) => {
    const tree = treeOf(smallVariations());
    const before = structuredClone(contents(tree));
    expect(() => tree.add(variation)).toThrow(message);
    expect(contents(tree)).toEqual(before);
    tree.add({ moves: [2, 0], sharedMoves: 1, positions: own, result: 1 });
    expect(tree.variations).toBe(4);
  });

  it('a first game that shares moves', () => {
    const tree = new GameTree();
    expect(() => tree.add(smallVariations()[2]!)).toThrow(
      'Variation 0 shares 1 moves; the first game of a tree shares none',
    );
    expect(tree).toMatchObject({ root: undefined, variations: 0, positions: [] });
  });
});
