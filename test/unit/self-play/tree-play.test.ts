import { describe, expect, it } from 'vitest';
import type { GameTask, PlaySettings } from '../../../clients/self-play/game-task.js';
import { playGame } from '../../../clients/self-play/play-game.js';
import type { RunningGame } from '../../../clients/self-play/running-game.js';
import { TreePlay } from '../../../clients/self-play/tree-play.js';
import { replayGame, sharedMovesOf, variationId, type GameRecord } from '../../../src/go/game-record.js';
import { GameTree } from '../../../src/methods/branching/game-tree.js';
import { paperSettings } from '../../../src/methods/branching/settings.js';
import * as pb from '../../../src/proto/tengen/v1/self_play.js';
import { decodeGameRecord, gameRecordToWire } from '../../../src/wire/game-record.js';
import { addRecord } from '../../../src/wire/record-tree.js';
import { heuristicEvaluation } from '../../support/heuristic-evaluator.js';

const plain: PlaySettings = {
  size: 5,
  rules: { ko: 'positional', suicide: false, komi: 6.5 },
  visits: 12,
  cheapVisits: 0,
  fullSearchShare: 1,
  gumbelRoot: false,
  gumbelActions: 8,
  temperatureMoves: 60,
  resignThreshold: -1,
  resignPlayoutShare: 0,
  maxMoves: 60,
  dirichletTotal: 10,
  lateTemperature: 0,
  earlyForkShare: 0,
  fullSearchAbove: 0,
};
const branching = { ...paperSettings, variations: 6, threshold: 0.3 };

const taskOf = (settings: Partial<PlaySettings>, seed = 1): GameTask => ({
  gameId: 'tree',
  jobId: 'job',
  modelVersion: 'net@1',
  seed,
  settings: { ...plain, ...settings },
});

function finish(game: RunningGame): GameRecord {
  for (let step = game.next(); ;) {
    if (step.done) return step.value;
    step = game.next(step.value.positions.map((position) => heuristicEvaluation(position.snapshot())));
  }
}

const overTheWire = (record: GameRecord): GameRecord =>
  decodeGameRecord(pb.GameRecord.encode(gameRecordToWire(record)).finish());

function playTree(task: GameTask, stored: readonly GameRecord[] = []): GameRecord[] {
  const tree = new TreePlay(task, stored);
  const records = [...stored];
  while (!tree.isComplete) records.push(finish(tree.nextVariation('net@1')));
  return records;
}

describe('a game tree', () => {
  it('begins with the game that would be played without branching, bit for bit', () => {
    for (let seed = 0; seed < 5; seed++) {
      const alone = finish(playGame(taskOf({}, seed)));
      const [first] = playTree(taskOf({ branching }, seed));
      const { variation, ...same } = first!;
      expect(same).toEqual(alone);
      expect(variation).toMatchObject({ treeId: 'tree', index: 0, sharedMoves: 0, backUp: 0 });
    }
  });

  it('is plain self-play with one variation, but for the mark that it is a tree', () => {
    const [only, ...others] = playTree(taskOf({ branching: { ...branching, variations: 1 } }));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ ...finish(playGame(taskOf({}))), variation: { isLast: true } });
  });

  it.each([
    ['PUCT', {}],
    ['a Gumbel root', { gumbelRoot: true }],
    ['playout-cap randomisation and a Gumbel root', { gumbelRoot: true, cheapVisits: 4, fullSearchShare: 0.4 }],
    ['early forks', { earlyForkShare: 1 }],
    ['resignation', { resignThreshold: -0.97 }],
  ])('of games that the server accepts, with %s', (_, settings) => {
    const records = playTree(taskOf({ ...settings, branching }, 3));
    expect(records.length).toBeGreaterThan(1);
    const tree = new GameTree();
    records.forEach((record, index) => {
      expect(() => replayGame(record)).not.toThrow();
      expect(record.gameId).toBe(variationId('tree', index));
      expect(record.searches).toHaveLength(record.moves.length - sharedMovesOf(record));
      expect(record.variation!.isLast).toBe(index === records.length - 1);
      const path = addRecord(tree, record);
      // A branch begins after a full search, even if the position before was searched by an earlier game.
      if (index > 0) expect(path[sharedMovesOf(record) - 1]!.searched!.isCandidate).toBe(true);
    });
  });

  it('goes on the same when another worker takes over after any of its games', () => {
    const whole = playTree(taskOf({ branching }, 5));
    expect(whole.length).toBeGreaterThan(3);
    for (let stored = 0; stored < whole.length; stored++) {
      expect(playTree(taskOf({ branching }, 5), whole.slice(0, stored))).toEqual(whole);
      const received = whole.slice(0, stored).map(overTheWire);
      expect(playTree(taskOf({ branching }, 5), received).slice(stored)).toEqual(whole.slice(stored));
    }
  });

  it('sees the tree as the next worker will, though values lose digits on the way', () => {
    // Whether any position is above the threshold depends on the last digits of one value.
    const values = finish(playGame(taskOf({}))).searches.map((search) => Math.abs(search.value));
    const value = Math.min(...values);
    const rate = (v: number): number => (1 - v * v) / 2;
    expect(rate(Math.fround(value))).not.toBe(rate(value));
    const threshold = (rate(value) + rate(Math.fround(value))) / 2 - 1e-6;
    const task = taskOf({ branching: { ...branching, variations: 2, threshold, moveNumberWeight: false } });
    const whole = playTree(task);
    expect(playTree(task, [overTheWire(whole[0]!)]).slice(1)).toEqual(whole.slice(1));
  });

  it('ends with one more game if another worker wanted more where nothing is eligible', () => {
    const task = taskOf({ branching: { ...branching, threshold: 0.5 } });
    const [first, ...others] = playTree(task);
    expect(others).toEqual([]);
    const unfinished = { ...first!, variation: { ...first!.variation!, isLast: false } };
    const records = playTree(task, [unfinished]);
    expect(records).toHaveLength(2);
    expect(records[1]).toMatchObject({ gameId: 'tree.1', variation: { index: 1, isLast: true } });
    expect(() => replayGame(records[1]!)).not.toThrow();
    expect(new TreePlay(task, [first!]).isComplete).toBe(true);
  });

  it('plays every game with the version that it is given', () => {
    const tree = new TreePlay(taskOf({ branching }));
    expect(finish(tree.nextVariation('net@1')).modelVersion).toBe('net@1');
    expect(finish(tree.nextVariation('net@2')).modelVersion).toBe('net@2');
  });
});

describe('an early fork', () => {
  it('leaves its moves without a search, and ends with a move that is not the best of all', () => {
    const starts = Array.from({ length: 20 }, (_, seed) => finish(playGame(taskOf({ earlyForkShare: 1 }, seed))));
    for (const { searches, moves } of starts) {
      const forked = searches.findIndex(({ visits }) => visits > 0);
      expect(forked).toBeGreaterThan(0);
      expect(moves.length).toBeGreaterThan(forked);
      expect(searches.slice(forked).every(({ visits }) => visits > 0)).toBe(true);
    }
    expect(new Set(starts.map(({ moves }) => moves[0])).size).toBeGreaterThan(4);
  });
});

describe('a late temperature', () => {
  it('keeps drawing moves after the opening', () => {
    const settings = { temperatureMoves: 0, dirichletTotal: 0 };
    const games = (lateTemperature: number): Set<string> =>
      new Set(
        Array.from({ length: 8 }, (_, seed) =>
          finish(playGame(taskOf({ ...settings, lateTemperature }, seed))).moves.join(),
        ),
      );
    expect(games(0).size).toBe(1);
    expect(games(1).size).toBe(8);
  });
});
