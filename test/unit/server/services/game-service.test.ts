import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { CallContext } from 'nice-grpc';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultForBlack, type GameRecord } from '../../../../src/go/game-record.js';
import { pairPosterior } from '../../../../src/methods/branching/label-change-rate.js';
import { GameKind, GetGameResponse, type ListGamesResponse } from '../../../../src/proto/tengen/v1/game.js';
import { makeGameService } from '../../../../src/server/services/game-service.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import { ThreadPool } from '../../../../src/threads/pool.js';
import type { GameRow, Store } from '../../../../src/store/store.js';
import { playTree } from '../../../support/played-tree.js';
import { randomGame } from '../../../support/random-games.js';
import { storeGames } from '../../../support/store-games.js';

const work = new ThreadPool({ name: 'work', threads: 1, waiting: 1 });
afterAll(() => work.close());
let dataDir: string;
let store: Store;
let nowMs: number;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-games-'));
  nowMs = 1000;
  store = await openSqliteStore({ dataDir, now: () => nowMs++ });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

const context = {} as CallContext;
const list = (jobId = '', limit = 0, before = 0n): Promise<ListGamesResponse> =>
  makeGameService(store, work).listGames({ jobId, limit, before }, context) as Promise<ListGamesResponse>;
const get = async (gameId: string): Promise<GetGameResponse> =>
  GetGameResponse.decode((await makeGameService(store, work).getGame({ gameId }, context)) as Uint8Array);

async function newJob(settings: object = {}, model = 'm'): Promise<string> {
  const { jobId } = await store.jobs.create({ kind: 'alphazero', model, configJson: JSON.stringify(settings) });
  return jobId;
}

const matchOf = (jobId: string): GameRecord => ({
  ...randomGame({ size: 5, seed: 9, gameId: 'a-match' }),
  jobId,
  modelVersion: '',
  match: { blackModel: 'm@1', whiteModel: 'm@2', opening: [] },
});

describe('a large tree', () => {
  it('is made ready in a thread, as a small one is at once', async () => {
    const jobId = await newJob({ size: 5, variations: 4 });
    const records = playTree({ size: 5, jobId, treeId: 'a-tree', branching: { variations: 4 } });
    await storeGames(store, records);
    const small = await get('a-tree');
    expect(work.calls).toBe(0);
    // A field that nobody knows makes the record large and is skipped.
    const padded = (bytes: Uint8Array): Uint8Array =>
      Buffer.concat([
        bytes,
        new BinaryWriter().tag(1000, WireType.LengthDelimited).bytes(new Uint8Array(100_000)).finish(),
      ]);
    const tree = async (treeId: string): Promise<GameRow[]> =>
      (await store.games.tree(treeId)).map((row) => ({ ...row, bytes: padded(row.bytes) }));
    const large = makeGameService({ jobs: store.jobs, games: { ...store.games, tree } }, work);
    const answer = await large.getGame({ gameId: 'a-tree' }, context);
    expect(work.calls).toBe(1);
    expect(GetGameResponse.decode(answer as Uint8Array)).toEqual(small);
  });
});

describe('the games of a job', () => {
  it('are listed with the newest first, a tree in one line', async () => {
    const jobId = await newJob({ size: 5, variations: 4 });
    const tree = playTree({ size: 5, jobId, treeId: 'a-tree', branching: { variations: 4 } });
    await storeGames(store, [{ ...randomGame({ size: 5, seed: 3, gameId: 'alone' }), jobId, resigned: 1 }]);
    await storeGames(store, [...tree, matchOf(jobId)]);
    const { games } = await list(jobId);
    expect(games.map(({ gameId, kind }) => [gameId, kind])).toEqual([
      ['a-match', GameKind.MATCH],
      ['a-tree', GameKind.TREE],
      ['alone', GameKind.SINGLE],
    ]);
    const first = tree[0]!;
    expect(games[1]).toEqual({
      gameId: 'a-tree',
      kind: GameKind.TREE,
      jobId,
      modelVersion: 'go@0123456789ab',
      variations: 4,
      positions: tree.reduce((sum, { searches }) => sum + searches.length, 0),
      moves: first.moves.length,
      result: `${first.score > 0 ? 'B' : 'W'}+${Math.abs(first.score)}`,
      createdAtMs: expect.any(Number) as number,
      sequence: 2,
    });
    expect(games.map(({ result }) => result)[2]).toBe('W+R');
    expect(games[0]!.modelVersion).toBe('m@1|m@2');
  });

  it('come in pages, of the newest job if none is named', async () => {
    await newJob();
    const jobId = await newJob({}, 'another');
    for (let seed = 1; seed <= 30; seed++) await storeGames(store, [{ ...randomGame({ size: 3, seed }), jobId }]);
    const page = async (limit: number, before: number): Promise<number[]> =>
      (await list('', limit, BigInt(before))).games.map(({ sequence }) => sequence);
    expect(await page(3, 0)).toEqual([30, 29, 28]);
    expect(await page(3, 28)).toEqual([27, 26, 25]);
    expect(await page(0, 0)).toHaveLength(20);
    await expect(list(jobId, 1001)).rejects.toThrow('limit is 1001; at most 1000');
  });

  it('of a job that does not exist are an error, of none at all no games', async () => {
    expect(await list()).toEqual({ games: [] });
    await expect(list('nobody')).rejects.toThrow("There is no job 'nobody'");
  });
});

describe('one tree', () => {
  const branching = { variations: 6, threshold: 0.45, adaptiveThreshold: false };
  const tree = playTree({ size: 5, seed: 4, treeId: 'a-tree', jobId: 'alphazero-1', cheapVisits: 4, branching });
  const settings = { size: 5, variations: 6, branchThreshold: 0.45, adaptiveThreshold: false };

  it('has its games, and each searched position with what all games make of it', async () => {
    const jobId = await newJob(settings);
    expect(jobId).toBe(tree[0]!.jobId);
    await storeGames(store, tree);
    const { game, variations, positions, threshold, eligibleShare, plannedVariations } = await get('a-tree');
    expect(game).toMatchObject({ gameId: 'a-tree', kind: GameKind.TREE, variations: 6 });
    expect(variations.map(({ gameId }) => gameId)).toEqual(tree.map(({ gameId }) => gameId));
    expect({ threshold, plannedVariations }).toEqual({ threshold: 0.45, plannedVariations: 6 });
    expect(positions).toHaveLength(tree.reduce((sum, { searches }) => sum + searches.length, 0));
    let candidates = 0;
    let above = 0;
    for (const position of positions) {
      const { variation, ply } = position;
      const { moves, searches } = tree[variation]!;
      const { value, full } = searches[ply - tree[variation]!.variation!.sharedMoves]!;
      const through = tree.filter((other) => moves.slice(0, ply).every((move, at) => other.moves[at] === move));
      const results = through.map((other) => (1 + resultForBlack(other)) / 2);
      const winRate = (1 + (ply % 2 === 0 ? value : -value)) / 2;
      const rate = pairPosterior(winRate, results, 10);
      expect(position.games).toBe(through.length);
      expect(position.winRate).toBeCloseTo(winRate, 6);
      expect(position.valueLabel).toBeCloseTo(results.reduce((sum, result) => sum + result) / results.length, 9);
      expect(position.labelChangeRate).toBeCloseTo(rate, 6);
      expect(position.eligible).toBe(full && rate > 0.45 && ply > 0);
      if (full) candidates++;
      if (full && rate > 0.45) above++;
    }
    expect(new Set(positions.map(({ eligible }) => eligible)).size).toBe(2);
    expect(eligibleShare).toBeCloseTo(above / candidates, 9);
  });

  it('is found by the id of any of its games', async () => {
    await newJob(settings);
    await storeGames(store, tree.slice(0, 3));
    expect((await get('a-tree.2')).game).toMatchObject({ gameId: 'a-tree', variations: 3 });
    for (const id of ['a-tree.3', 'a-tree.', 'a-tre', 'a-tree.02', ''])
      await expect(get(id), id).rejects.toThrow(`There is no game '${id}'`);
  });

  it('may be a single game or a rating game', async () => {
    const jobId = await newJob({ size: 5 });
    await storeGames(store, [{ ...randomGame({ size: 5, seed: 3, gameId: 'alone' }), jobId }, matchOf(jobId)]);
    const single = await get('alone');
    expect(single).toMatchObject({ game: { kind: GameKind.SINGLE, variations: 1 }, plannedVariations: 1 });
    expect(single.positions.every(({ games }) => games === 1)).toBe(true);
    expect((await get('a-match')).game).toMatchObject({ kind: GameKind.MATCH, modelVersion: 'm@1|m@2' });
  });
});
