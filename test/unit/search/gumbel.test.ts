import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { completedQ, gumbelDefaults, improvedPolicy, selectInterior } from '../../../src/search/gumbel.js';
import { driveSync } from '../../../src/search/drive.js';
import { search } from '../../../src/search/search.js';
import { consideredVisits } from '../../../src/search/sequential-halving.js';
import { Tree } from '../../../src/search/tree.js';
import { Bandit, uniform } from '../../support/toy-games.js';

describe('sequential halving', () => {
  // Worked out from the definition in mctx: log2 of the actions phases, each with an equal share of the simulations.
  it.each([
    [1, 4, [0, 1, 2, 3]],
    [2, 5, [0, 0, 1, 1, 2]],
    [3, 6, [0, 0, 0, 1, 1, 2]],
    [4, 8, [0, 0, 0, 0, 1, 1, 2, 2]],
    [4, 16, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
    [16, 8, [0, 0, 0, 0, 0, 0, 0, 0]],
    [8, 16, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3]],
    [5, 12, [0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4]],
  ])('considers %i actions in %i simulations as mctx does', (actions, simulations, expected) => {
    expect([...consideredVisits(actions, simulations)]).toEqual(expected);
  });
});

/** A root with priors 0.5, 0.3, 0.2, value 0.1, and one visit each of actions 0 (0.4) and 1 (−0.2). */
function partlyVisited(): Tree {
  const tree = new Tree();
  tree.addNode(1);
  tree.expand(0, new Uint8Array([1, 1, 1]), 3, [Math.log(0.5), Math.log(0.3), Math.log(0.2)]);
  tree.rawValue[0] = 0.1;
  tree.addVisit(0, 0.1);
  for (const [edge, value] of [
    [0, 0.4],
    [1, -0.2],
  ] as const) {
    tree.child[edge] = tree.addNode(2);
    for (const node of [0, tree.child[edge]]) tree.addVisit(node, value);
  }
  return tree;
}

describe('completed values', () => {
  // v_mix = (0.1 + 2 · (0.5·0.4 − 0.3·0.2) / 0.8) / 3 = 0.15.
  it('fill unvisited actions with the mixed value', () => {
    const out = new Float64Array(3);
    completedQ(partlyVisited(), 0, { ...gumbelDefaults, rescaleValues: false, valueScale: 1, maxVisitInit: 0 }, out);
    expect(out[0]).toBeCloseTo(0.4, 6);
    expect(out[1]).toBeCloseTo(-0.2, 6);
    expect(out[2]).toBeCloseTo(0.15, 6);
  });

  it('are stretched to the scale of mctx', () => {
    const out = new Float64Array(3);
    completedQ(partlyVisited(), 0, gumbelDefaults, out);
    expect(out[0]).toBeCloseTo(5.1, 6);
    expect(out[1]).toBeCloseTo(0, 6);
    expect(out[2]).toBeCloseTo((5.1 * 0.35) / 0.6, 6);
  });

  it('are all equal before the first visit', () => {
    const tree = partlyVisited();
    tree.child.fill(0);
    tree.visits[0] = 1;
    const policy = new Float64Array(3);
    improvedPolicy(tree, 0, gumbelDefaults, policy);
    expect([...policy].map((p) => p.toFixed(6))).toEqual(['0.500000', '0.300000', '0.200000']);
  });
});

describe('the improved policy', () => {
  it('is the softmax of logits and completed values', () => {
    const policy = new Float64Array(3);
    improvedPolicy(
      partlyVisited(),
      0,
      { ...gumbelDefaults, rescaleValues: false, valueScale: 1, maxVisitInit: 0 },
      policy,
    );
    const weights = [0.5 * Math.exp(0.4), 0.3 * Math.exp(-0.2), 0.2 * Math.exp(0.15)];
    const sum = weights.reduce((a, b) => a + b);
    weights.forEach((weight, i) => expect(policy[i]).toBeCloseTo(weight / sum, 6));
  });

  it('is followed by the visits below the root', () => {
    const tree = partlyVisited();
    const options = { ...gumbelDefaults, rescaleValues: false, valueScale: 0, maxVisitInit: 0 };
    // π' is the prior here: 0.5 − 1/3, 0.3 − 1/3, 0.2 − 0.
    expect(selectInterior(tree, 0, options, new Float64Array(3))).toBe(2);
  });
});

describe('a Gumbel search', () => {
  const arms = [0.1, -0.5, 0.3, 0.2, -0.9, 0.25, 0, -0.1];
  const run = (visits: number, gumbelScale: number, seed: number, gumbelActions = 8) =>
    driveSync(search(new Bandit(arms), { visits, root: 'gumbel', gumbelActions, gumbelScale }, new Rng(seed)), uniform);

  it('finds the best arm once it has seen every arm', () => {
    const result = run(8, 0, 1);
    expect(result.bestAction).toBe(2);
    expect([...result.visitCounts]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(result.policy.indexOf(Math.max(...result.policy))).toBe(2);
  });

  it('halves the arms and spends the rest on the best', () => {
    const result = run(16, 0, 1);
    expect([...result.visitCounts]).toEqual([2, 1, 4, 2, 1, 4, 1, 1]);
    expect(result.bestAction).toBe(2);
  });

  it('draws nothing from the generator when it is deterministic', () => {
    const rng = new Rng(5);
    const before = rng.state();
    driveSync(search(new Bandit(arms), { visits: 8, root: 'gumbel', gumbelScale: 0 }, rng), uniform);
    expect(rng.state()).toEqual(before);
  });

  it('samples considered actions without replacement by their priors', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const visited = [...run(2, 1, seed, 2).visitCounts].map((n, a) => (n > 0 ? a : -1)).filter((a) => a >= 0);
      expect(visited).toHaveLength(2);
      seen.add(visited.join());
    }
    expect(seen.size).toBeGreaterThan(8);
  });
});
