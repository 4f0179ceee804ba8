import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../../src/go/color.js';
import { packPolicy, positionsOf, type GameRecord, type SearchRecord } from '../../../../src/go/game-record.js';
import { defaultRules } from '../../../../src/go/rules.js';
import { symmetryMap } from '../../../../src/go/symmetry.js';
import { tengen1 } from '../../../../src/go/tengen-features.js';
import { makeBatch, policyTargetEntropy, writeRow, type Batch } from '../../../../src/trainer/go-data/batch.js';
import { countRows, makeGameRows } from '../../../../src/trainer/go-data/game-rows.js';
import { randomGame } from '../../../support/random-games.js';

const SIZE = 3;
const POINTS = SIZE * SIZE;

function search(weights: Record<number, number>, value: number, full = true): SearchRecord {
  const policy = new Float32Array(POINTS + 1);
  for (const [action, weight] of Object.entries(weights)) policy[Number(action)] = weight;
  return { policy: packPolicy(policy), value, visits: 10, full };
}

/** Black takes the upper left, White the lower right corner; the middle diagonal belongs to nobody. */
function smallGame(): GameRecord {
  return {
    gameId: 'g',
    jobId: 'j',
    modelVersion: 'm@1',
    seed: 1,
    size: SIZE,
    rules: { ...defaultRules(SIZE), komi: 0.5 },
    moves: [0, 8, POINTS, POINTS],
    searches: [
      search({ 0: 0.75, 5: 0.25 }, 0.5),
      search({ 8: 1 }, -0.25),
      search({ [POINTS]: 1 }, 0.1, false),
      search({ 1: 0.5, [POINTS]: 0.5 }, 0),
    ],
    score: -0.5,
  };
}

function row(record: GameRecord, index: number, options: { symmetry?: number; valueMix?: number } = {}): Batch {
  const batch = makeBatch(1, record.size, tengen1);
  const game = makeGameRows({ sequence: 1, record }, 'value');
  writeRow(batch, 0, game, index, { symmetry: 0, valueMix: 0, ...options });
  return batch;
}

const values = (data: Float32Array): number[] => [...data].map((x) => Math.round(x * 1e4) / 1e4 + 0);

describe('training targets', () => {
  it('give the result to the side to move', () => {
    // Black has one point, White one point and half a point of komi: White wins.
    expect(values(row(smallGame(), 0).value)).toEqual([0, 0, 1]);
    expect(values(row(smallGame(), 1).value)).toEqual([1, 0, 0]);
    expect(values(row(smallGame(), 0).score)).toEqual([-0.5]);
    expect(values(row(smallGame(), 1).score)).toEqual([0.5]);
  });

  it('know draws and resignations', () => {
    expect(values(row({ ...smallGame(), score: 0 }, 0).value)).toEqual([0, 1, 0]);
    expect(values(row({ ...smallGame(), resigned: WHITE }, 0).value)).toEqual([1, 0, 0]);
    expect(values(row({ ...smallGame(), resigned: BLACK, score: 3 }, 0).value)).toEqual([0, 0, 1]);
  });

  it('mix in the root value, which is the side to move\u2019s already', () => {
    expect(values(row(smallGame(), 0, { valueMix: 0.2 }).value)).toEqual([0.15, 0, 0.85]);
    expect(values(row(smallGame(), 1, { valueMix: 0.2 }).value)).toEqual([0.875, 0, 0.125]);
    expect(values(row({ ...smallGame(), score: 0 }, 1, { valueMix: 0.4 }).value)).toEqual([0.15, 0.6, 0.25]);
  });

  it('give the final owner of each point from the side to move', () => {
    const black = [1, 0, 0, 0, 0, 0, 0, 0, -1];
    expect(values(row(smallGame(), 0).ownership)).toEqual(black);
    expect(values(row(smallGame(), 1).ownership)).toEqual(black.map((owner) => 0 - owner));
  });

  it('give the policy of full searches, and of cheap ones with weight 0', () => {
    const full = row(smallGame(), 0);
    expect(values(full.policy)).toEqual([0.75, 0, 0, 0, 0, 0.25, 0, 0, 0, 0]);
    expect(values(full.policyWeight)).toEqual([1]);
    const cheap = row(smallGame(), 2);
    expect(values(cheap.policyWeight)).toEqual([0]);
    expect(values(cheap.value)).toEqual([0, 0, 1]);
  });

  it('leave cheap searches out when told to', () => {
    const game = makeGameRows({ sequence: 1, record: smallGame() }, 'skip');
    expect([...game.plies]).toEqual([0, 1, 3]);
    expect(countRows(smallGame(), 'skip')).toBe(3);
    expect(countRows(smallGame(), 'value')).toBe(4);
    expect(values(row(smallGame(), 3).policy)).toEqual([0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0.5]);
  });

  it('turn policy, ownership and features by the same symmetry', () => {
    const record = randomGame({ size: 5, seed: 4, moves: 24 });
    const plain = row(record, 9);
    for (let symmetry = 0; symmetry < 8; symmetry++) {
      const turned = row(record, 9, { symmetry });
      const map = symmetryMap(5, symmetry);
      for (let action = 0; action <= 25; action++) expect(turned.policy[map[action]!]).toBe(plain.policy[action]);
      for (let point = 0; point < 25; point++) {
        expect(turned.ownership[map[point]!]).toBe(plain.ownership[point]);
        for (let plane = 0; plane < tengen1.planes; plane++) {
          expect(turned.planes[plane * 25 + map[point]!]).toBe(plain.planes[plane * 25 + point]);
        }
      }
      expect(turned.value).toEqual(plain.value);
    }
  });

  it('see the features that the evaluator would make of the same position', () => {
    const record = randomGame({ size: 5, seed: 11, moves: 40 });
    const planes = new Float32Array(tengen1.planes * 25);
    const globals = new Float32Array(tengen1.globals);
    let ply = 0;
    for (const position of positionsOf(record)) {
      if (ply === record.moves.length) break;
      tengen1.write(position.snapshot(), 3, planes, 0, globals, 0);
      const batch = row(record, ply++, { symmetry: 3 });
      expect(batch.planes).toEqual(planes);
      expect(batch.globals).toEqual(globals);
    }
  });

  it('overwrite what the batch held before', () => {
    const batch = makeBatch(2, SIZE, tengen1);
    const game = makeGameRows({ sequence: 1, record: smallGame() }, 'value');
    writeRow(batch, 1, game, 0, { symmetry: 0, valueMix: 0 });
    writeRow(batch, 1, game, 1, { symmetry: 0, valueMix: 0 });
    expect(values(batch.policy.subarray(POINTS + 1))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    expect(values(batch.policy.subarray(0, POINTS + 1))).toEqual(Array(POINTS + 1).fill(0));
  });

  it('report the entropy that the policy loss cannot fall below', () => {
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    expect(policyTargetEntropy(row(smallGame(), 0))).toBeCloseTo(entropy, 3);
    expect(policyTargetEntropy(row(smallGame(), 2))).toBe(0);
  });
});
