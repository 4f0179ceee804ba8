import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { BLACK, WHITE } from '../../../../src/go/color.js';
import { packPolicy, type GameRecord } from '../../../../src/go/game-record.js';
import { tengen1 } from '../../../../src/go/tengen-features.js';
import { paperSettings } from '../../../../src/methods/branching/settings.js';
import type { ValueLabel } from '../../../../src/methods/branching/value-label.js';
import { makeBatch, writeRow } from '../../../../src/trainer/go-data/batch.js';
import { drawRow, makeGameRows, type GameRows } from '../../../../src/trainer/go-data/game-rows.js';
import { TreeLabels } from '../../../../src/trainer/go-data/tree-labels.js';

const PASS = 9;
const policy = packPolicy(Float32Array.from({ length: 10 }, (_, a) => (a === 4 ? 0.5 : a < 2 ? 0.25 : 0)));

/** A 3×3 game; `resigned` decides who won. */
function game(index: number, moves: number[], sharedMoves: number, winner: 1 | 2, isLast = false): GameRecord {
  return {
    gameId: index === 0 ? 'tree' : `tree.${index}`,
    jobId: 'job',
    modelVersion: 'net@1',
    seed: 1,
    size: 3,
    rules: { ko: 'positional', suicide: false, komi: 0.5 },
    moves,
    searches: moves.slice(sharedMoves).map(() => ({ policy, value: 0.2, visits: 8, full: true })),
    resigned: winner === BLACK ? WHITE : BLACK,
    score: winner === BLACK ? 8.5 : -0.5,
    variation: { treeId: 'tree', index, sharedMoves, backUp: index, isLast },
  };
}

const games = [
  game(0, [4, 0, PASS, PASS], 0, BLACK),
  game(1, [4, 1, PASS, PASS], 2, WHITE),
  game(2, [4, 1, 8, PASS, PASS], 3, WHITE, true),
];

function labelled(label: ValueLabel, count = games.length): { rows: GameRows[]; labels: TreeLabels } {
  const labels = new TreeLabels({ branching: { ...paperSettings, variations: 3 }, label, labelStrength: 1 });
  const rows = games.slice(0, count).map((record, i) => {
    const made = makeGameRows({ sequence: i + 1, record }, 'skip');
    labels.add({ sequence: i + 1, record }, made);
    return made;
  });
  return { rows, labels };
}

const wins = (rows: readonly GameRows[]): number[][] =>
  rows.map((row) => [...row.wins].map((x) => Math.round(x * 1e4) / 1e4));

describe('labels of a tree', () => {
  it('are the results of the first game while it is the only one', () => {
    expect(wins(labelled('mean', 1).rows)).toEqual([[1, 1, 1, 1]]);
  });

  it('are means over all games through a position, recomputed as games arrive', () => {
    // The start and the position after move 4 are in all three games, the one after [4, 1] in two of them.
    expect(wins(labelled('mean').rows)).toEqual([
      [0.3333, 0.3333, 1, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it('can be the result of the own game', () => {
    expect(wins(labelled('own').rows)).toEqual([
      [1, 1, 1, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it('can be weighted by the policy', () => {
    // After [4] the moves 0 and 1 have equal weights, and those below 1 agree.
    expect(wins(labelled('weighted').rows)[0]).toEqual([0.5, 0.5, 1, 1]);
  });

  it('can lean on the search value as a posterior mean', () => {
    // Black's win rate by the search is 0.6 when Black is to move, 0.4 otherwise.
    expect(wins(labelled('posterior').rows)[0]).toEqual([0.4, 0.35, 0.8, 0.7]);
  });

  it('reach the batch from the side to move, with the mean ownership and score of the games', () => {
    const [first] = labelled('mean').rows;
    const batch = makeBatch(2, 3, tengen1);
    for (const row of [0, 1]) writeRow(batch, row, first!, row, { symmetry: 0, valueMix: 0 });
    const seen = [...batch.value].map((x) => Math.round(x * 1e4) / 1e4);
    expect(seen).toEqual([0.3333, 0, 0.6667, 0.6667, 0, 0.3333]);
    expect(batch.score[0]).toBeCloseTo((8.5 - 0.5 - 0.5) / 3);
    expect(batch.score[1]).toBeCloseTo(-(8.5 - 0.5 - 0.5) / 3);
    expect(first!.endings.map((endings) => endings.length)).toEqual([3, 3, 1, 1]);
  });

  it('tell what the trees look like once they are complete', () => {
    expect(labelled('mean', 2).labels.figures).toBeUndefined();
    expect(labelled('mean').labels.figures).toMatchObject({ trees: 1, variationsPerTree: 3, backUp: 1.5 });
  });

  it('know from where a refill has to begin', () => {
    expect(labelled('mean', 2).labels.firstSequence).toBe(1);
    expect(labelled('mean').labels.firstSequence).toBeUndefined();
    expect(labelled('mean').rows.map(({ firstSequence }) => firstSequence)).toEqual([1, 1, 1]);
  });

  it('refuse a game whose tree is not there', () => {
    const { labels } = labelled('mean', 1);
    const record = games[2]!;
    expect(() => labels.add({ sequence: 9, record }, makeGameRows({ sequence: 9, record }, 'skip'))).toThrow(
      /Variation 2 of tree 'tree' came after 1 others/,
    );
  });
});

describe('policy-surprise weighting', () => {
  it('draws a share of the positions in proportion to their surprise', () => {
    const record = games[0]!;
    const surprises = [0, 3, 1, 0];
    const searches = record.searches.map((search, i) => ({ ...search, surprise: surprises[i]! }));
    const rows = makeGameRows({ sequence: 1, record: { ...record, searches } }, 'skip');
    const counts = [0, 0, 0, 0];
    const rng = new Rng(1);
    for (let i = 0; i < 8000; i++) counts[drawRow(rows, { surprise: 0.5, angle: 0 }, rng)]!++;
    // Half evenly (1/8 each), half as 0 : 3 : 1 : 0.
    const shares = counts.map((count) => count / 8000);
    [0.125, 0.5, 0.25, 0.125].forEach((share, i) => expect(Math.abs(shares[i]! - share)).toBeLessThan(0.025));
  });
});
