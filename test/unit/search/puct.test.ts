import { describe, expect, it } from 'vitest';
import { explorationScale, puctDefaults, selectPuct } from '../../../src/search/puct.js';
import { Tree } from '../../../src/search/tree.js';

const plain = { ...puctDefaults, cPuct: 1, cPuctBase: 1e9, fpuReduction: 0.4, rootFpuReduction: 0, virtualLoss: 1 };

/** A root of player 1 with three actions, priors 0.5, 0.3, 0.2, and its own evaluation of 0.1. */
function threeActions(): Tree {
  const tree = new Tree(0, { nodes: 2, edges: 2 });
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

  it('explores more where the utilities differ more', () => {
    const options = { ...plain, cPuctStdevScale: 0.5, fpuReduction: 0 };
    const calm = threeActions();
    visit(calm, 0, 0.1, 0.1);
    visit(calm, 1, -0.35);
    // Mean −0.0125; squares 0.01 · 3 + 0.1225 = 0.1525; (2 · (0.00016 + 0.16) + 0.1525) / 5 − 0.00016 = 0.0944: σ = 0.307,
    // S = 1 + 0.5 · (0.307 / 0.4 − 1) = 0.884, √3 · 0.884 = 1.531.
    expect(explorationScale(calm, 0, options, 3)).toBeCloseTo(1.531, 3);
    const wild = threeActions();
    visit(wild, 0, 0.9, -0.7);
    visit(wild, 1, -0.35);
    expect(explorationScale(wild, 0, options, 3)).toBeGreaterThan(Math.sqrt(3));
    expect(explorationScale(wild, 0, plain, 3)).toBeCloseTo(Math.sqrt(3), 6);
  });

  it('goes over from the own value to the mean as first-play urgency as more of the policy is visited', () => {
    const tree = threeActions();
    tree.rawUtility[0] = 0.1;
    visit(tree, 0, -0.9);
    // Mean −0.4. Edge 0: −0.9 + 0.5 / 2 = −0.65. Edge 1, w = 0.5² = 0.25: 0.1 − 0.25 · 0.5 − r · 0.707 + 0.3 = 0.275 − 0.707 r;
    // from the mean alone −0.1 − 0.707 r.
    expect(selectPuct(tree, 0, { ...plain, fpuVisitedPower: 2, fpuReduction: 1.3 })).toBe(1);
    expect(selectPuct(tree, 0, { ...plain, fpuVisitedPower: 2, fpuReduction: 1.32 })).toBe(0);
    expect(selectPuct(tree, 0, { ...plain, fpuReduction: 0.77 })).toBe(1);
    expect(selectPuct(tree, 0, { ...plain, fpuReduction: 0.78 })).toBe(0);
  });

  it('prefers the lower action on equal scores', () => {
    const tree = new Tree();
    tree.addNode(1);
    tree.expand(0, new Uint8Array([0, 1, 1, 1]), 3, [9, 0, 0, 0]);
    tree.addVisit(0, 0);
    expect(tree.action[selectPuct(tree, 0, plain)]).toBe(1);
  });
});
