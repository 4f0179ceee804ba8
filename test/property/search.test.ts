import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.js';
import { driveSync } from '../../src/search/drive.js';
import { search } from '../../src/search/search.js';
import { consideredVisits } from '../../src/search/sequential-halving.js';
import { EXPANDED, Tree } from '../../src/search/tree.js';
import { opinionated, TicTacToe, uniform } from '../support/toy-games.js';

const settings = fc.record({
  visits: fc.integer({ min: 0, max: 120 }),
  batch: fc.integer({ min: 1, max: 16 }),
  root: fc.constantFrom('puct' as const, 'gumbel' as const),
  interior: fc.constantFrom('puct' as const, 'gumbel' as const),
  gumbelActions: fc.integer({ min: 1, max: 12 }),
  dirichletTotal: fc.constantFrom(0, 1, 10),
});
const seed = { seed: 20260101 };

describe('every search', () => {
  it('counts as many visits as simulations, at every node', () => {
    fc.assert(
      fc.property(settings, fc.integer(), fc.array(fc.nat(8), { maxLength: 3 }), (options, rngSeed, wishes) => {
        const tree = new Tree(0, { nodes: 1, edges: 1 });
        const game = new TicTacToe();
        for (const wish of [-1, ...wishes]) {
          if (wish >= 0) {
            if (game.cells[wish] !== 0) continue;
            game.play(wish);
            tree.advance(wish);
            if (game.isOver) return;
          }
          const reused = Math.max(0, tree.nodeCount > 0 ? tree.visits[0]! - 1 : 0);
          const result = driveSync(search(game, options, new Rng(rngSeed), tree), opinionated);
          expect(result.simulations).toBe(options.visits);
          expect(result.visitCounts.reduce((a, b) => a + b)).toBe(options.visits + reused);
          expect(result.policy.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
          expect(game.cells[result.bestAction]).toBe(0);
          expect(Math.abs(result.value)).toBeLessThanOrEqual(1);
          checkTree(tree);
        }
      }),
      { ...seed, numRuns: 150 },
    );
  });
});

/** Every expanded node was visited once itself and once for each visit of a child; nothing is left in flight. */
function checkTree(tree: Tree): void {
  for (let node = 0; node < tree.nodeCount; node++) {
    expect(tree.inFlight[node]).toBe(0);
    if (tree.state[node] !== EXPANDED) continue;
    const first = tree.firstEdge[node]!;
    let visits = 1;
    let value = tree.rawValue[node]!;
    let priors = 0;
    for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) {
      const child = tree.child[edge]!;
      priors += tree.prior[edge]!;
      if (child === 0) continue;
      visits += tree.visits[child]!;
      value += tree.valueSum[child]!;
    }
    expect(tree.visits[node]).toBe(visits);
    expect(tree.valueSum[node]).toBeCloseTo(value, 6);
    expect(priors).toBeCloseTo(1, 5);
  }
}

describe('a search without symmetric moves', () => {
  it('finds the same moves best as the whole search, for each kind of move', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 600 }), fc.constantFrom([], [4]), (visits, moves) => {
        // Nobody on the board, or one stone in the middle: corners are all alike, and so are edges.
        const game = new TicTacToe(moves);
        const representative = [0, 1, 0, 1, 4, 1, 0, 1, 0];
        const whole = driveSync(search(game, { visits: 8 * visits }, new Rng(1)), uniform);
        const pruned = driveSync(search(game, { visits, representative }, new Rng(1)), uniform);
        expect(pruned.visitCounts.reduce((a, b) => a + b)).toBe(visits);
        pruned.visitCounts.forEach((count, action) => {
          if (representative[action] !== action) expect(count).toBe(0);
        });
        expect(pruned.policy.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        expect(representative[pruned.bestAction]).toBe(representative[whole.bestAction]);
      }),
      { ...seed, numRuns: 40 },
    );
  });
});

describe('considered visits', () => {
  it('never ask for an action that has not the visits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 300 }), (actions, simulations) => {
        const visits = new Array<number>(actions).fill(0);
        for (const considered of consideredVisits(actions, simulations)) {
          const at = visits.indexOf(considered);
          expect(at).toBeGreaterThanOrEqual(0);
          visits[at]!++;
        }
      }),
      { ...seed, numRuns: 200 },
    );
  });
});
