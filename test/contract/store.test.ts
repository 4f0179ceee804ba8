import { refOf } from '../../src/core/refs.js';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { threadUrl } from '../../src/threads/thread-url.js';
import { migrations } from '../../src/store/sqlite/schema.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { bytesOf, gameOf, modelOf, variationOf } from '../support/store-rows.js';

const script = threadUrl(new URL('../../src/store/sqlite/x.ts', import.meta.url).href, './thread.js');
const built = existsSync(script);

let dataDir: string;
let nowMs: number;
const opened: Store[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-store-'));
  nowMs = 1000;
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close().catch(() => undefined);
  rmSync(dataDir, { recursive: true, force: true });
});

describe.each([
  ['SQLite on the calling thread', {}],
  ['SQLite in a thread', { thread: script }],
])('%s', (name, place) => {
  const open = async (maxWaiting?: number): Promise<Store> => {
    const store = await openSqliteStore({
      dataDir,
      now: () => nowMs,
      ...place,
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
    });
    opened.push(store);
    return store;
  };
  const it_ = name.endsWith('in a thread') && !built ? it.skip : it;

  it_('keeps everything over a restart', async () => {
    const first = await open();
    const model = await first.models.put(modelOf('a'), bytesOf('weights'));
    await first.games.put(gameOf('g1'));
    const job = await first.jobs.create({ kind: 'alphazero', model: 'a', configJson: '{"x":1}' });
    await first.progress.append({
      jobId: job.jobId,
      sequence: 1,
      timeMs: 5,
      event: 'train',
      metrics: { loss: 2 },
      message: 'm',
    });
    await first.leases.put([{ gameId: 'g2', jobId: 'j', leaseId: 'l', worker: 'w', expiresAtMs: 9, workJson: '{}' }]);
    await first.checkpoints.save(job.jobId, 7, bytesOf('state'));
    await first.close();

    const second = await open();
    expect(await second.models.get('a')).toEqual(model);
    expect(await second.models.read(refOf(model))).toEqual(bytesOf('weights'));
    expect((await second.games.after('j', 0, 10)).map(({ gameId }) => gameId)).toEqual(['g1']);
    expect(await second.jobs.list()).toEqual([{ ...job, metrics: { loss: 2 } }]);
    expect(await second.progress.after(job.jobId, 0, 10)).toHaveLength(1);
    expect((await second.leases.all()).map(({ gameId }) => gameId)).toEqual(['g2']);
    expect(await second.checkpoints.load(job.jobId)).toEqual(bytesOf('state'));
  });

  it_('names a version by the sha256 of its file and stores the same bytes once', async () => {
    const store = await open();
    const one = await store.models.put(modelOf('a'), bytesOf('x'));
    const again = await store.models.put(modelOf('a'), bytesOf('x'));
    expect(one.version).toBe('2d711642b726');
    expect(again).toEqual(one);
    expect(await store.models.list()).toHaveLength(1);
    expect(readdirSync(join(dataDir, 'blobs'))).toEqual([one.sha256]);
  });

  it_('keeps how a model is served, and what eight bits do to a version', async () => {
    const store = await open();
    const a1 = await store.models.put(modelOf('a'), bytesOf('a1'));
    expect(a1).toMatchObject({ precision: 'auto', quantizationJson: '' });
    await store.models.setQuantization(refOf(a1), '{"ranges":[]}');
    await store.models.setQuantization('a@000', '{}');
    expect(await store.models.setPrecision('a', 'int8')).toMatchObject({ version: a1.version, precision: 'int8' });
    await store.models.put(modelOf('a'), bytesOf('a2'));
    const rows = await store.models.list('a');
    expect(rows.map(({ precision }) => precision)).toEqual(['int8', 'int8']);
    expect(rows.map(({ quantizationJson }) => quantizationJson)).toEqual(['', '{"ranges":[]}']);
    await expect(store.models.setPrecision('b', 'fp32')).rejects.toMatchObject({ kind: 'not-found', message: /'b'/ });
  });

  it_('resolves names to promoted versions and the empty name to the default model', async () => {
    const store = await open();
    expect(await store.models.get('')).toBeUndefined();
    const a1 = await store.models.put(modelOf('a'), bytesOf('a1'));
    const a2 = await store.models.put(modelOf('a', 5), bytesOf('a2'));
    const b1 = await store.models.put(modelOf('b'), bytesOf('b1'));
    const resolve = async (ref: string): Promise<string | undefined> => (await store.models.get(ref))?.version;
    expect([await resolve('a'), await resolve('b'), await resolve('')]).toEqual([a1.version, b1.version, a1.version]);

    await store.models.promote(refOf(a2));
    expect([await resolve('a'), await resolve('')]).toEqual([a2.version, a2.version]);
    await store.models.promote(refOf(b1), { asDefault: true });
    expect([await resolve('a'), await resolve('')]).toEqual([a2.version, b1.version]);
    expect(await resolve(`a@${a1.version}`)).toBe(a1.version);
    expect((await store.models.list('a')).map(({ version, promoted }) => [version, promoted])).toEqual([
      [a2.version, true],
      [a1.version, false],
    ]);
    await expect(store.models.promote('a@000')).rejects.toMatchObject({ kind: 'not-found', message: /'a@000'/ });
    await expect(store.models.read('c')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it_('records ratings', async () => {
    const store = await open();
    const row = await store.models.put(modelOf('a'), bytesOf('a1'));
    await store.models.rate([
      { ref: refOf(row), rating: 12.5 },
      { ref: 'gone@1', rating: 1 },
    ]);
    expect((await store.models.get('a'))?.rating).toBe(12.5);
  });

  it_('stores a game once, keeps the first, and ends its lease', async () => {
    const store = await open();
    await store.leases.put([{ gameId: 'g', jobId: 'j', leaseId: 'l', worker: 'w', expiresAtMs: 9, workJson: '{}' }]);
    expect(await store.games.put(gameOf('g', 'j', 'first'))).toEqual({ sequence: 1, isNew: true });
    expect(await store.games.put(gameOf('g', 'j', 'second'))).toEqual({ sequence: 1, isNew: false });
    expect(await store.games.has('g')).toBe(true);
    expect(await store.games.has('h')).toBe(false);
    expect(await store.leases.all()).toEqual([]);
    const [row] = await store.games.after('j', 0, 10);
    expect(row).toEqual({ ...gameOf('g', 'j', 'first'), bytes: row?.bytes, sequence: 1, createdAtMs: 1000 });
    expect(Buffer.from(row?.bytes ?? []).toString()).toBe('first');
  });

  it_('lists games of one job in order, a page at a time', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.games.put(gameOf(`g${i}`, i % 2 ? 'odd' : 'even'))));
    const page = await store.games.after('odd', 0, 3);
    expect(page.map(({ gameId }) => gameId)).toEqual(['g1', 'g3', 'g5']);
    const rest = await store.games.after('odd', page[2]!.sequence, 100);
    expect(rest.map(({ gameId }) => gameId)).toEqual(['g7', 'g9', 'g11', 'g13', 'g15', 'g17', 'g19']);
    expect(await store.games.counts('even')).toEqual({ games: 10, matches: 0, positions: 30, moves: 40 });
    expect(await store.games.counts('none')).toEqual({ games: 0, matches: 0, positions: 0, moves: 0 });
  });

  it_('lists the games of a tree in order, whatever the order in which they came', async () => {
    const store = await open();
    await Promise.all(
      [variationOf('t', 0), variationOf('u', 0), variationOf('t', 1)].map((game) => store.games.put(game)),
    );
    await Promise.all(Array.from({ length: 9 }, (_, i) => store.games.put(variationOf('t', 10 - i, i === 0))));
    const tree = await store.games.tree('t');
    expect(tree.map(({ variation }) => variation)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(tree[10]).toMatchObject({ gameId: 't.10', treeId: 't', isLast: true, moveCount: 4 });
    expect(Buffer.from(tree[2]!.bytes).toString()).toBe('t.2');
    expect(await store.games.tree('none')).toEqual([]);
  });

  it_('ends the lease on a tree with its last game only', async () => {
    const store = await open();
    const lease = { gameId: 't', jobId: 'j', leaseId: 'l', worker: 'w', expiresAtMs: 9, workJson: '{}' };
    await store.leases.put([lease]);
    await store.games.put(variationOf('t', 0));
    await store.games.put(variationOf('t', 1));
    await store.leases.put([{ ...lease, leaseId: 'l2' }]);
    expect(await store.leases.all()).toEqual([{ ...lease, leaseId: 'l2' }]);
    await store.games.put(variationOf('t', 2, true));
    expect(await store.leases.all()).toEqual([]);
    await store.leases.put([lease]);
    expect(await store.leases.all()).toEqual([]);
  });

  it_('gives a place in a tree to one game only', async () => {
    const store = await open();
    await store.games.put(variationOf('t', 0));
    await expect(store.games.put({ ...gameOf('other'), treeId: 't' })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await store.games.tree('t')).toHaveLength(1);
  });

  it_('lists the trees of a job, the newest first, a page at a time', async () => {
    const store = await open();
    for (const game of [variationOf('t', 0), gameOf('g'), gameOf('h', 'other'), variationOf('u', 0)]) {
      nowMs += 10;
      await store.games.put(game);
    }
    for (const game of [variationOf('t', 1), variationOf('t', 2, true), variationOf('u', 1)])
      await store.games.put(game);
    const common = { jobId: 'j', kind: 'self-play', size: 7, modelVersion: 'm@1' };
    expect(await store.games.trees('j', 2)).toEqual([
      { ...common, treeId: 'u', sequence: 4, createdAtMs: 1040, games: 2, positions: 6, isComplete: false },
      { ...common, treeId: 'g', sequence: 2, createdAtMs: 1020, games: 1, positions: 3, isComplete: true },
    ]);
    expect(await store.games.trees('j', 2, 2)).toEqual([
      { ...common, treeId: 't', sequence: 1, createdAtMs: 1010, games: 3, positions: 9, isComplete: true },
    ]);
    expect(await store.games.trees('none', 5)).toEqual([]);
  });

  it_('makes the games of a database from before trees trees of their own', async () => {
    const raw = new DatabaseSync(join(dataDir, 'tengen.db'));
    raw.exec(`${migrations[0]!}; PRAGMA user_version = 1`);
    raw.exec(
      `INSERT INTO games (game_id, job_id, model_version, kind, size, position_count, move_count, score, bytes, created_at_ms)
       VALUES ('g1', 'j', 'm@1', 'self-play', 7, 3, 4, -2.5, x'00', 5), ('g2', 'j', 'a|b', 'match', 7, 0, 4, 1, x'00', 6)`,
    );
    raw.exec(`INSERT INTO leases VALUES ('g3', 'j', 'l', 'w', 9, '{}')`);
    raw.close();
    const store = await open();
    expect(await store.games.tree('g1')).toMatchObject([{ gameId: 'g1', treeId: 'g1', variation: 0, isLast: true }]);
    expect((await store.games.trees('j', 5)).map(({ treeId, isComplete }) => [treeId, isComplete])).toEqual([
      ['g2', true],
      ['g1', true],
    ]);
    expect(await store.games.put(gameOf('g3'))).toEqual({ sequence: 3, isNew: true });
    expect(await store.leases.all()).toEqual([]);
  });

  it_('refuses more calls than it may hold, and none of those it took is lost', async () => {
    const store = await open(5);
    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => store.games.put(gameOf(`g${i}`))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(results[7]).toMatchObject({ reason: { kind: 'resource-exhausted' } });
    expect(await store.games.counts('j')).toMatchObject({ games: 5 });
  });

  it_('does not let a call that cannot succeed take its batch with it', async () => {
    const store = await open();
    const bad = { ...gameOf('bad'), score: 'no number' as unknown as number };
    const results = await Promise.allSettled([
      store.games.put(gameOf('g1')),
      store.games.put(bad),
      store.games.put(gameOf('g2')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.games.after('j', 0, 10)).map(({ gameId }) => gameId)).toEqual(['g1', 'g2']);
  });

  it_('gives jobs readable names and keeps the newest value of each metric', async () => {
    const store = await open();
    const { jobId } = await store.jobs.create({ kind: 'alphazero', model: 'a', configJson: '{}' });
    expect((await store.jobs.create({ kind: 'alphazero', model: 'b', configJson: '{}' })).jobId).toBe('alphazero-2');
    const point = { jobId, timeMs: 1, event: 'train', message: '' };
    await store.progress.append({ ...point, sequence: 1, metrics: { games: 1, loss: 3 } });
    await store.progress.append({ ...point, sequence: 2, metrics: { loss: 2 } });
    expect(await store.progress.last(jobId)).toBe(2);
    expect(await store.progress.last('none')).toBe(0);
    await store.jobs.setState(jobId, 'failed', 'why');
    expect(await store.jobs.get(jobId)).toMatchObject({
      state: 'failed',
      error: 'why',
      metrics: { games: 1, loss: 2 },
    });
    expect((await store.progress.after(jobId, 1, 10)).map(({ sequence }) => sequence)).toEqual([2]);
    expect((await store.jobs.list()).map((job) => job.jobId)).toEqual(['alphazero-2', 'alphazero-1']);
  });

  it_('replaces and removes leases by game', async () => {
    const store = await open();
    const lease = { gameId: 'g', jobId: 'j', leaseId: 'l1', worker: 'w', expiresAtMs: 9, workJson: '{}' };
    await store.leases.put([lease]);
    await store.leases.put([{ ...lease, leaseId: 'l2' }]);
    expect(await store.leases.all()).toEqual([{ ...lease, leaseId: 'l2' }]);
    await store.leases.remove(['g']);
    expect(await store.leases.all()).toEqual([]);
  });

  it_('takes no lease on a game that is stored', async () => {
    const store = await open();
    await store.games.put(gameOf('g'));
    await store.leases.put([{ gameId: 'g', jobId: 'j', leaseId: '', worker: '', expiresAtMs: 0, workJson: '{}' }]);
    expect(await store.leases.all()).toEqual([]);
  });

  it_('keeps only the newest checkpoint of a job', async () => {
    const store = await open();
    await store.checkpoints.save('j', 1, bytesOf('one'));
    await store.checkpoints.save('j', 2, bytesOf('two'));
    expect(Buffer.from((await store.checkpoints.load('j')) ?? []).toString()).toBe('two');
    expect(await store.checkpoints.load('k')).toBeUndefined();
    expect(readdirSync(join(dataDir, 'blobs'))).toHaveLength(1);
  });

  it_('says which file is damaged', async () => {
    const first = await open();
    const row = await first.models.put(modelOf('a'), bytesOf('good'));
    writeFileSync(join(dataDir, 'blobs', row.sha256), 'evil');
    await expect(first.models.read('a')).rejects.toMatchObject({ kind: 'internal', message: /is damaged/ });
    await first.close();
    writeFileSync(join(dataDir, 'tengen.db'), 'this is not a database at all, not even a little bit of one'.repeat(50));
    rmSync(join(dataDir, 'tengen.db-wal'), { force: true });
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /tengen\.db' is damaged/ });
  });

  it_('lets no second server into the data directory', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /in use by another server/ });
  });

  it_('refuses a database of a newer program', async () => {
    await (await open()).close();
    const raw = new DatabaseSync(join(dataDir, 'tengen.db'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /schema 99/ });
  });

  it_('refuses calls after it was closed, with the calls before it done', async () => {
    const store = await open();
    const last = store.games.put(gameOf('g'));
    await store.close();
    expect(await last).toEqual({ sequence: 1, isNew: true });
    await expect(store.games.has('g')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
