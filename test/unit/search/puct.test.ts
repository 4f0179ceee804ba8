import { describe, expect, it } from 'vitest';
import { puctDefaults, selectPuct } from '../../../src/search/puct.js';
import { Tree } from '../../../src/search/tree.js';

const plain = { ...puctDefaults, cPuct: 1, cPuctBase: 1e9, fpuReduction: 0.4, rootFpuReduction: 0, virtualLoss: 1 };

/** A root of player 1 with three actions, priors 0.5, 0.3, 0.2, and its own evaluation of 0.1. */
function threeActions(): Tree {
  const tree = new Tree(0, 2, 2);
  tree.addNode(1);
  tree.expand(0, new Uint8Array([1, 1, 1]), 3, [Math.log(0.5), Math.log(0.3), Math.log(0.2)]);
  tree.addVisit(0, 0.1);
  return tree;
}

/** Visits the child of `edge`; values are for the player at the root. */
function visit(tree: Tree, edge: number, ...values: number[]): void {
  tree.child[edge] ||= tree.addNode(2);
  for (const value of values) for (const node of [0, tree.child[edge]]) tree.addVisit(node, value);
}

describe('PUCT', () => {
  it('tries the greatest prior first', () => {
    expect(selectPuct(threeActions(), 0, plain)).toBe(0);
  });

  it('weighs value, prior and visits as the formula says', () => {
    const tree = threeActions();
    visit(tree, 0, 0.2, 0);
    visit(tree, 1, 0.3);
    visit(tree, 2, -0.1);
    // √4 = 2: 0.1 + 2·0.5/3 = 0.433; 0.3 + 2·0.3/2 = 0.6; −0.1 + 2·0.2/2 = 0.1.
    expect(selectPuct(tree, 0, plain)).toBe(1);
    visit(tree, 1, -0.3, -0.3);
    // √6 = 2.449: 0.1 + 2.449·0.5/3 = 0.508; −0.1 + 2.449·0.3/4 = 0.084; −0.1 + 2.449·0.2/2 = 0.145.
    expect(selectPuct(tree, 0, plain)).toBe(0);
  });

  it('gives an unvisited action the parent value less the first-play reduction', () => {
    const tree = threeActions();
    visit(tree, 0, -0.2);
    // Parent −0.05, N = 1. Edge 0: −0.2 + 0.5/2 = 0.05. Edge 1: −0.05 − r·√0.5 + 0.3 = 0.25 − 0.707 r.
    expect(selectPuct(tree, 0, { ...plain, fpuReduction: 0.28 })).toBe(1);
    expect(selectPuct(tree, 0, { ...plain, fpuReduction: 0.29 })).toBe(0);
  });

  it('uses the root reduction and the given priors at the root', () => {
    const tree = threeActions();
    visit(tree, 0, -0.2);
    expect(selectPuct(tree, 0, plain, new Float32Array([0.5, 0.3, 0.2]))).toBe(1);
    expect(selectPuct(tree, 0, plain, new Float32Array([0.5, -1, 0.2]))).toBe(2);
    expect(selectPuct(tree, 0, plain, new Float32Array([0.5, -1, -1]))).toBe(0);
  });

  it('sees values from the side that moves at the node', () => {
    const tree = threeActions();
    visit(tree, 0, 0.9, 0.9);
    const child = tree.child[0]!;
    tree.expand(child, new Uint8Array([1, 1, 0]), 2, [0, 0]);
    tree.child[3] = tree.addNode(1);
    tree.child[4] = tree.addNode(1);
    for (const [edge, value] of [
      [3, 0.5],
      [4, -0.5],
    ] as const)
      tree.addVisit(tree.child[edge]!, value);
    // Player 2 moves: what is bad for player 1 is good.
    expect(selectPuct(tree, child, plain)).toBe(4);
  });

  it('spreads simulations that are under way', () => {
    const tree = threeActions();
    visit(tree, 0, 0.2);
    visit(tree, 1, 0.1);
    visit(tree, 2, 0);
    expect(selectPuct(tree, 0, plain)).toBe(0);
    for (const node of [0, tree.child[0]!]) tree.inFlight[node] = 1;
    expect(selectPuct(tree, 0, plain)).toBe(1);
  });

  it('prefers the lower action on equal scores', () => {
    const tree = new Tree();
    tree.addNode(1);
    tree.expand(0, new Uint8Array([0, 1, 1, 1]), 3, [9, 0, 0, 0]);
    tree.addVisit(0, 0);
    expect(tree.action[selectPuct(tree, 0, plain)]).toBe(1);
  });
});
