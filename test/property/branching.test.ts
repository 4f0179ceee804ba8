import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.js';
import { eligibilityOf, movesTo, pickBranch } from '../../src/methods/branching/branch-point.js';
import {
  GameTree,
  type NewVariation,
  type SearchedPosition,
  type TreeNode,
} from '../../src/methods/branching/game-tree.js';
import { estimateLcr } from '../../src/methods/branching/label-change-rate.js';
import { branchPoints, lcrEstimators } from '../../src/methods/branching/settings.js';
import { valueLabel, valueLabels } from '../../src/methods/branching/value-label.js';

const seed = { seed: 20260301, numRuns: 200 };

const settings = fc.record({
  variations: fc.integer({ min: 1, max: 12 }),
  points: fc.constantFrom(...branchPoints),
  estimator: fc.constantFrom(...lcrEstimators),
  strength: fc.double({ min: 0.1, max: 100, noNaN: true }),
  threshold: fc.double({ min: 0, max: 0.5, noNaN: true }),
  adaptiveThreshold: fc.boolean(),
  moveNumberWeight: fc.boolean(),
  temperature: fc.constantFrom(0.25, 1, 4),
});

/** Plays on with random moves from random policies; some positions are not searched, some are no candidates. */
function playOn(shared: readonly number[], rng: Rng): NewVariation {
  const moves = [...shared];
  const positions: (SearchedPosition | undefined)[] = [];
  for (let left = rng.int(12); left > 0; left--) {
    const weights = Array.from({ length: 1 + rng.int(4) }, () => rng.float());
    const policy = weights.flatMap((weight, move) => [move, weight]);
    const isSearched = rng.int(8) > 0;
    positions.push(isSearched ? { policy, winRate: rng.float(), isCandidate: rng.int(4) > 0 } : undefined);
    moves.push(rng.weighted(weights));
  }
  return { moves, sharedMoves: shared.length, positions, result: rng.int(3) / 2 };
}

interface Grown {
  readonly tree: GameTree;
  readonly variations: readonly NewVariation[];
  /** The nodes of every variation, from the start to the end. */
  readonly paths: readonly (readonly TreeNode[])[];
}

const grown = fc
  .tuple(settings, fc.nat())
  .map(([options, rngSeed]) => ({ options, rngSeed, ...grow(options, rngSeed) }));

/** Grows a tree with `pickBranch`, checking every branch on the way. */
function grow(options: Parameters<typeof pickBranch>[1], rngSeed: number): Grown {
  const rng = new Rng(rngSeed);
  const tree = new GameTree();
  const variations = [playOn([], rng)];
  const paths = [tree.add(variations[0]!)];
  for (let branch = pickBranch(tree, options, rng); branch; branch = pickBranch(tree, options, rng)) {
    checkBranch(tree, branch.node, branch.move, branch.backUp);
    const variation = playOn([...movesTo(branch.node), branch.move], rng);
    variations.push(variation);
    paths.push(tree.add(variation));
  }
  return { tree, variations, paths };
}

function checkBranch(tree: GameTree, node: TreeNode, move: number, backUp: number): void {
  expect(tree.positions).toContain(node);
  expect(node.searched!.isCandidate).toBe(true);
  expect(node.children.has(move)).toBe(false);
  const policy = Array.from(node.searched!.policy);
  expect(policy[2 * policy.findIndex((entry, i) => i % 2 === 0 && entry === move) + 1]).not.toBe(0);
  const below = tree.positions.filter(
    (other) => other.ply === node.ply + backUp && ancestorAt(other, node.ply) === node,
  );
  expect(below.length).toBeGreaterThan(0);
}

function ancestorAt(node: TreeNode, ply: number): TreeNode {
  let at = node;
  while (at.ply > ply) at = at.parent!;
  return at;
}

function allNodes(node: TreeNode): TreeNode[] {
  return [node, ...[...node.children.values()].flatMap(allNodes)];
}

/** Results of the games that end in a position or below. */
function resultsBelow(node: TreeNode, { variations, paths }: Grown): number[] {
  return paths.flatMap((path, i) => (path[node.ply] === node ? [variations[i]!.result] : []));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('every tree', () => {
  it('holds each position once and has all positions of its games', () => {
    fc.assert(
      fc.property(grown, ({ tree, variations, options }) => {
        expect(tree.variations).toBe(variations.length);
        expect(tree.variations).toBeLessThanOrEqual(options.variations);
        const searched = variations.flatMap(({ positions }) => positions.filter((position) => position !== undefined));
        expect(tree.positions.map((node) => node.searched)).toEqual(searched);
        expect(new Set(tree.positions.map((node) => movesTo(node).join())).size).toBe(tree.positions.length);
        const total =
          1 +
          variations.reduce((sum, { moves, sharedMoves }, i) => sum + moves.length - sharedMoves + Number(i > 0), 0);
        expect(allNodes(tree.root!)).toHaveLength(total);
      }),
      seed,
    );
  });

  it('knows the results of exactly the games through each position, in order', () => {
    fc.assert(
      fc.property(grown, (game) => {
        for (const node of allNodes(game.tree.root!)) expect(node.results).toEqual(resultsBelow(node, game));
      }),
      seed,
    );
  });

  it('ends every game at a leaf of its own unless a later game goes on from there', () => {
    fc.assert(
      fc.property(grown, ({ tree, variations, paths }) => {
        const ends = paths.map((path) => path.at(-1)!);
        expect(new Set(ends).size).toBe(variations.length);
        expect(allNodes(tree.root!).filter(({ children }) => children.size === 0)).toHaveLength(variations.length);
        paths.forEach((path, i) => expect(movesTo(path.at(-1)!)).toEqual(variations[i]!.moves));
      }),
      seed,
    );
  });
});

describe('labels', () => {
  it('of kind mean are the mean over the games below; all kinds are results or between results and win rate', () => {
    fc.assert(
      fc.property(grown, (game) => {
        for (const node of game.tree.positions) {
          const below = resultsBelow(node, game);
          expect(valueLabel(node, 'mean', 1)).toBeCloseTo(meanOf(below), 12);
          expect(valueLabel(node, 'own', 1)).toBe(game.variations[node.variation]!.result);
          const winRate = node.searched!.winRate;
          for (const kind of valueLabels) {
            const label = valueLabel(node, kind, 5);
            const range = kind === 'posterior' ? [...below, winRate] : below;
            expect(label).toBeGreaterThanOrEqual(Math.min(...range) - 1e-12);
            expect(label).toBeLessThanOrEqual(Math.max(...range) + 1e-12);
          }
        }
      }),
      seed,
    );
  });
});

describe('label change rates', () => {
  it('are at most one half for the search value and the win rate, and at most one for pairs', () => {
    const results = fc.array(fc.constantFrom(0, 0.5, 1), { maxLength: 40 });
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, results, fc.double({ min: 1e-3, max: 1e4, noNaN: true }), (winRate, games, strength) => {
        for (const estimator of lcrEstimators) {
          const lcr = estimateLcr(winRate, games, { estimator, strength });
          expect(lcr).toBeGreaterThanOrEqual(0);
          expect(lcr).toBeLessThanOrEqual(estimator === 'pairs' ? 1 : 0.5);
        }
      }),
      { ...seed, numRuns: 2000 },
    );
  });

  it('decide alone what can be sampled: candidates above the threshold, all candidates where points are random', () => {
    fc.assert(
      fc.property(grown, ({ tree, options }) => {
        const { lcr, threshold, weights, eligibleShare } = eligibilityOf(tree, options);
        let [above, candidates] = [0, 0];
        tree.positions.forEach(({ searched, ply }, i) => {
          const passes = searched!.isCandidate && lcr[i]! > threshold + 1e-6;
          above += Number(passes);
          candidates += Number(searched!.isCandidate);
          if (options.points === 'random') expect(weights[i]).toBe(Number(searched!.isCandidate));
          else expect(weights[i]).toBe(passes ? (options.moveNumberWeight ? ply : 1) : 0);
        });
        expect(eligibleShare).toBeCloseTo(candidates === 0 ? 0 : above / candidates, 12);
      }),
      seed,
    );
  });
});

describe('branches', () => {
  it('are equal for equal seeds', () => {
    fc.assert(
      fc.property(settings, fc.nat(), (options, rngSeed) => {
        expect(grow(options, rngSeed).variations).toEqual(grow(options, rngSeed).variations);
      }),
      { ...seed, numRuns: 50 },
    );
  });

  it('begin at every position alike where points are random', () => {
    // Ten positions whose played move has no weight, so that nothing collides.
    const position: SearchedPosition = { policy: [0, 0, 1, 1], winRate: 0.9, isCandidate: true };
    const tree = new GameTree();
    const length = 10;
    tree.add({
      moves: Array<number>(length).fill(0),
      sharedMoves: 0,
      positions: Array<SearchedPosition>(length).fill(position),
      result: 1,
    });
    fc.assert(
      fc.property(settings, fc.nat(), (options, rngSeed) => {
        const rng = new Rng(rngSeed);
        const counts = new Array<number>(length).fill(0);
        const runs = 1000;
        const random = { ...options, points: 'random' as const, variations: 2 };
        for (let i = 0; i < runs; i++) counts[pickBranch(tree, random, rng)!.node.ply]!++;
        // χ² with 9 degrees of freedom is above 33.7 once in ten thousand.
        const chi2 = counts.reduce((sum, count) => sum + (count - runs / length) ** 2 / (runs / length), 0);
        expect(chi2).toBeLessThan(33.7);
      }),
      { ...seed, numRuns: 20 },
    );
  });
});
