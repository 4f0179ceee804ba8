/** Whole search trees for fixed seeds, as committed JSON: settings and tree. Exact: the same seed gives the same bytes. */

import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.js';
import { driveSync } from '../../src/search/drive.js';
import { katagoPuct } from '../../src/search/puct.js';
import { Search } from '../../src/search/search.js';
import type { SearchResult } from '../../src/search/search-result.js';
import type { Tree } from '../../src/search/tree.js';
import { opinionated, TicTacToe } from '../support/toy-games.js';

const cases = {
  puct: { visits: 24, root: 'puct' },
  'puct-noise-batch': { visits: 24, root: 'puct', dirichletTotal: 5, batch: 4 },
  'puct-play': { visits: 40, root: 'puct', ...katagoPuct, moveChoice: 'confidence', batch: 4 },
  gumbel: { visits: 16, root: 'gumbel', gumbelActions: 4 },
  'gumbel-play': { visits: 16, root: 'gumbel', gumbelScale: 0, interior: 'puct', batch: 4 },
} as const;

const rounded = (value: number): number => Number(value.toFixed(6));

function asJson(tree: Tree, node: number): unknown {
  const children: Record<string, unknown> = {};
  const priors: Record<string, number> = {};
  const first = tree.firstEdge[node]!;
  for (let edge = first; edge < first + tree.edgeCount[node]!; edge++) {
    const child = tree.child[edge]!;
    priors[tree.action[edge]!] = rounded(tree.prior[edge]!);
    if (child > 0) children[tree.action[edge]!] = asJson(tree, child);
  }
  return {
    visits: tree.visits[node],
    valueSum: rounded(tree.valueSum[node]!),
    rawValue: rounded(tree.rawValue[node]!),
    priors,
    children,
  };
}

/** Batches as a player makes them: the more visits, the more leaves at once. */
function played(made: Search<TicTacToe>): SearchResult {
  for (;;) {
    const leaves = made.collect(Math.min(4, Math.max(1, Math.floor(made.tree.visits[0]! / 8))));
    if (leaves.length === 0) return made.result();
    const evaluations = opinionated(leaves.map(({ game }) => game));
    leaves.forEach((leaf, i) => made.answer(leaf, evaluations[i]!));
  }
}

describe('golden search trees', () => {
  it.each(Object.entries(cases))('%s', async (name, settings) => {
    const moves = [4, 0];
    const seed = 7;
    const made = new Search(new TicTacToe(moves), settings, new Rng(seed));
    const { bestAction, policy, value } = name === 'puct-play' ? played(made) : driveSync(made.run(), opinionated);
    const result = { bestAction, value: rounded(value), policy: Array.from(policy, rounded) };
    const text = JSON.stringify({ game: 'tic-tac-toe', moves, seed, settings, result, tree: asJson(made.tree, 0) }, undefined, 1);
    await expect(`${text}\n`).toMatchFileSnapshot(`search/${name}.json`);
  });
});
