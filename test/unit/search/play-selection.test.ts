import { describe, expect, it } from 'vitest';
import { boundRadius } from '../../../src/search/confidence.js';
import { playSelection } from '../../../src/search/play-selection.js';
import { puctDefaults } from '../../../src/search/puct.js';
import { Tree } from '../../../src/search/tree.js';

const plain = { ...puctDefaults, cPuct: 1, cPuctBase: 1e9 };

/** A root whose children have been visited with these values, mover's view. */
function rootWith(priors: readonly number[], values: readonly (readonly number[])[]): Tree {
  const tree = new Tree();
  tree.addNode(1);
  tree.expand(0, new Uint8Array(priors.length).fill(1), priors.length, priors.map(Math.log));
  tree.addVisit(0, 0);
  values.forEach((ofChild, edge) => {
    if (ofChild.length > 0) tree.child[edge] = tree.addNode(2);
    for (const value of ofChild) for (const node of [0, tree.child[edge]!]) tree.addVisit(node, value);
  });
  return tree;
}

const alternating = (count: number, mean: number, spread: number): number[] =>
  Array.from({ length: count }, (_, i) => mean + (i % 2 === 0 ? spread : -spread));

describe('the confidence bound', () => {
  it('is five standard errors wide, from an imagined observation that fades with the square of the visits', () => {
    const tree = rootWith([1], [alternating(100, 0.2, 0.1)]);
    // Variance 0.01 + 1e-4 / 100.0001; about 100 observations.
    expect(boundRadius(tree, 0, 1)).toBeCloseTo(5 * Math.sqrt(0.01 / 100), 3);
    const once = rootWith([1], [[0.2]]);
    // Variance ½ · range²; two observations.
    expect(boundRadius(once, 0, 1.4)).toBeCloseTo(5 * Math.sqrt((0.5 * 1.96) / 2), 4);
  });
});

describe('play selection', () => {
  it('goes by the priors before any visit', () => {
    const tree = rootWith([0.5, 0.3, 0.2], []);
    expect([...playSelection(tree, plain, new Float32Array([-1, 0.25, 0.5]), 1)]).toEqual([0, 0.25, 0.5]);
  });

  it('takes back visits that the values do not justify', () => {
    const tree = rootWith([0.5, 0.5], [alternating(60, 0.4, 0.2), alternating(40, -0.6, 0.2)]);
    const weights = playSelection(tree, plain, tree.prior.slice(0, 2), 1);
    expect(weights[0]).toBe(60);
    // √100 = 10: 0.4 + 10 · 0.5 / 61 = 0.482 = −0.6 + 10 · 0.5 / (1 + n) at n = 3.62.
    expect(weights[1]).toBeCloseTo(3.621, 2);
  });

  it('raises the action whose bound is best above the most visited one', () => {
    const tree = rootWith([0.5, 0.5], [alternating(50, 0.3, 0.6), alternating(40, 0.32, 0.05)]);
    const weights = playSelection(tree, plain, tree.prior.slice(0, 2), 1);
    expect(weights[1]).toBeGreaterThan(weights[0]!);
    // The most visited one's radius, 0.425, had to be widened by the difference of the bounds to be as good.
    const [first, second] = [boundRadius(tree, 0, 1), boundRadius(tree, 1, 1)];
    const excess = 0.32 - second - (0.3 - first);
    expect(weights[1]).toBeCloseTo(50 * ((first + excess) / (first + 0.2 * excess)) ** 2, 6);
  });

  it('does not trust the bound of an action with few visits', () => {
    const tree = rootWith([0.5, 0.5], [alternating(100, 0.3, 0.6), alternating(8, 0.6, 0)]);
    const weights = playSelection(tree, plain, tree.prior.slice(0, 2), 1);
    expect(weights[0]).toBe(100);
    expect(weights[1]).toBeLessThanOrEqual(8);
  });

  it('plays nothing that is not allowed or hardly visited', () => {
    const tree = rootWith([0.4, 0.4, 0.2], [alternating(100, 0, 0.1), alternating(200, 0.9, 0.1), [-0.9]]);
    expect([...playSelection(tree, plain, new Float32Array([0.4, -1, 0.05]), 1)]).toEqual([100, 0, 0]);
  });
});
