import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError, check } from '../../../src/core/errors.js';
import type { JobKind } from '../../../src/trainer/harness/job-kind.js';
import { JobRunner } from '../../../src/server/jobs.js';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../src/store/store.js';
import type { StoredGame } from '../../../src/trainer/go-data/stored-game.js';
import { ScriptedJob } from '../../support/scripted-job.js';

let dataDir: string;
let store: Store;
let jobs: JobRunner;
let made: ScriptedJob[];
/** What the making of jobs waits for. */
let gate: Promise<void>;
/** What the check of a job that is resumed waits for; called whenever one begins to wait, and whenever an end is kept. */
let checking: Promise<void>;
let checked: () => void;
let keeping: () => void;

const kind: JobKind = {
  kind: 'scripted',
  readConfig(input) {
    check(!('wrong' in input), 'wrong is wrong');
    return { speed: 1, ...input };
  },
  async checkModel() {
    checked();
    await checking;
  },
  async create(context) {
    await gate;
    const job = new ScriptedJob(context);
    made.push(job);
    return job;
  },
};

function startRunner(): void {
  made = [];
  gate = Promise.resolve();
  checking = Promise.resolve();
  checked = keeping = () => undefined;
  const setState: Store['jobs']['setState'] = (...args) => {
    const kept = store.jobs.setState(...args);
    keeping();
    return kept;
  };
  const watched = { ...store, jobs: { ...store.jobs, setState } };
  jobs = new JobRunner({ store: watched, kinds: [kind], logger: pino({ level: 'silent' }), now: () => 5 });
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-jobs-'));
  store = await openSqliteStore({ dataDir, now: () => 5 });
  startRunner();
});
afterEach(async () => {
  await jobs.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

async function watchToEnd(jobId: string, after = 0): Promise<string[]> {
  const seen: string[] = [];
  for await (const { progress, state } of jobs.watch(jobId, after, new AbortController().signal)) {
    seen.push(`${progress ? `${progress.sequence} ${progress.message}` : '-'} (${state})`);
  }
  return seen;
}

describe('a job', () => {
  it('starts with every setting on record, and hands out work in turn with others', async () => {
    const one = await jobs.create('scripted', 'm', { depth: 2 });
    expect(one).toMatchObject({ jobId: 'scripted-1', state: 'running', configJson: '{"speed":1,"depth":2}' });
    await jobs.create('scripted', 'n', {});
    const games = [1, 2, 3, 4].map(() => jobs.nextWork()?.work.gameId);
    expect(games).toEqual(['scripted-1-0', 'scripted-2-0', 'scripted-1-1', 'scripted-2-1']);
    expect([...jobs.currentVersions()]).toEqual([
      ['scripted-1', 'm@1'],
      ['scripted-2', 'm@1'],
    ]);
  });

  it('is refused with nothing stored if its kind, settings or model name are wrong', async () => {
    await expect(jobs.create('scirpted', 'm', {})).rejects.toThrow(/did you mean 'scripted'/);
    await expect(jobs.create('scripted', 'm', { wrong: 1 })).rejects.toThrow(/wrong is wrong/);
    await expect(jobs.create('scripted', 'a@b', {})).rejects.toThrow(/'a@b'/);
    expect(await jobs.list()).toEqual([]);
  });

  it('that fails says why, and can be resumed', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    const watched = watchToEnd(jobId);
    made[0]!.reject(new AppError('resource-exhausted', 'no room'));
    expect((await watched).at(-1)).toBe('- (failed)');
    expect(await jobs.get(jobId)).toMatchObject({ state: 'failed', error: 'no room' });
    expect(jobs.nextWork()).toBeUndefined();
    expect(await jobs.resume(jobId)).toMatchObject({ state: 'running', error: '' });
    expect(jobs.nextWork()?.jobId).toBe(jobId);
  });

  it('that cannot start is a failed one', async () => {
    expect(await jobs.create('scripted', 'm', { broken: true })).toMatchObject({
      state: 'failed',
      error: 'it is broken',
    });
    expect(jobs.nextWork()).toBeUndefined();
  });

  it('is cancelled after its step, once, and goes on when resumed; a done one does not', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    expect((await jobs.cancel(jobId)).state).toBe('cancelled');
    expect((await jobs.cancel(jobId)).state).toBe('cancelled');
    await jobs.resume(jobId);
    const watched = watchToEnd(jobId);
    made[1]!.resolve({ state: 'done' });
    await watched;
    await expect(jobs.resume(jobId)).rejects.toMatchObject({ kind: 'failed-precondition', message: /is done/ });
    await expect(jobs.cancel(jobId)).rejects.toMatchObject({ kind: 'failed-precondition' });
    await expect(jobs.get('none')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('is cancelled also while it starts', async () => {
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const created = jobs.create('scripted', 'm', {});
    while (!jobs.isActive('scripted-1')) await store.jobs.list();
    const cancelled = expect(jobs.cancel('scripted-1')).resolves.toMatchObject({ state: 'cancelled' });
    await store.jobs.list();
    open();
    await cancelled;
    expect(await created).toMatchObject({ state: 'cancelled' });
    expect(jobs.isActive('scripted-1')).toBe(false);
  });

  it('starts once when two calls resume it', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    await jobs.cancel(jobId);
    const rows = await Promise.all([jobs.resume(jobId), jobs.resume(jobId)]);
    expect(rows.map(({ state }) => state)).toEqual(['running', 'running']);
    expect(made).toHaveLength(2);
  });

  it('is resumed once its end is kept, when somebody asks for it before', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    made[0]!.cancel();
    expect((await jobs.resume(jobId)).state).toBe('running');
    expect([made.length, jobs.isRunning(jobId), (await jobs.get(jobId)).state]).toEqual([2, true, 'running']);
  });

  it('is not lost when it is resumed just as it is kept as cancelled', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    await jobs.cancel(jobId);
    let open = (): void => undefined;
    checking = new Promise((resolve) => (open = resolve));
    const isChecked = new Promise<void>((resolve) => (checked = resolve));
    const late = jobs.resume(jobId);
    await isChecked;
    checking = Promise.resolve();
    await jobs.resume(jobId);
    keeping = open;
    await jobs.cancel(jobId);
    await late;
    expect([jobs.isRunning(jobId), (await jobs.get(jobId)).state]).toEqual([true, 'running']);
  });

  it('that starts while the server stops is waited for, and continued though it cannot be made any more', async () => {
    let fail: (error: Error) => void = () => undefined;
    gate = new Promise((_, reject) => (fail = reject));
    const created = jobs.create('scripted', 'm', {});
    while (!jobs.isActive('scripted-1')) await store.jobs.list();
    let isClosed = false;
    const closed = jobs.close().then(() => (isClosed = true));
    await store.jobs.list();
    expect(isClosed).toBe(false);
    fail(new AppError('unavailable', 'The evaluator is closing'));
    await Promise.all([closed, created]);
    expect((await store.jobs.get('scripted-1'))?.state).toBe('running');
  });

  it('that is resumed while the server takes up its jobs, and fails, is not started once more', async () => {
    const { jobId } = await store.jobs.create({ kind: 'scripted', model: 'm', configJson: '{"broken":true}' });
    await Promise.all([jobs.resumeAll(), jobs.resume(jobId)]);
    expect([made.length, jobs.isActive(jobId), (await jobs.get(jobId)).state]).toEqual([1, false, 'failed']);
  });

  it('says when it is done, and only then', async () => {
    const done: string[] = [];
    jobs.onDone((jobId) => done.push(jobId));
    const { jobId } = await jobs.create('scripted', 'm', {});
    await jobs.cancel(jobId);
    expect([done, await jobs.isDone(jobId)]).toEqual([[], false]);
    await jobs.resume(jobId);
    const watched = watchToEnd(jobId);
    made[1]!.resolve({ state: 'done' });
    await watched;
    expect([done, await jobs.isDone(jobId)]).toEqual([[jobId], true]);
  });

  it('that is interrupted with the server runs again at the next start, and is told of its games', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    await jobs.close();
    expect(jobs.nextWork()).toBeUndefined();
    await expect(jobs.create('scripted', 'm', {})).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await store.jobs.get(jobId))?.state).toBe('running');

    startRunner();
    await jobs.resumeAll();
    expect(made.map(({ context }) => context.jobId)).toEqual([jobId]);
    const game = { sequence: 1, record: { jobId } } as StoredGame;
    jobs.gameStored(game);
    jobs.gameStored({ sequence: 2, record: { jobId: 'other' } } as StoredGame);
    expect(made[0]!.games).toEqual([game]);
  });
});

describe('a model', () => {
  const refused = { kind: 'failed-precondition', message: /'scripted-1' is running on the model 'm'/ };

  it('has one running job, also when two are created or resumed at once', async () => {
    const created = await Promise.allSettled([jobs.create('scripted', 'm', {}), jobs.create('scripted', 'm', {})]);
    expect(created.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(created[1]).toMatchObject({ reason: refused });
    expect((await jobs.list()).map(({ jobId }) => jobId)).toEqual(['scripted-1']);
    await jobs.cancel('scripted-1');
    await jobs.create('scripted', 'm', {});
    await jobs.cancel('scripted-2');
    const resumed = await Promise.allSettled([jobs.resume('scripted-1'), jobs.resume('scripted-2')]);
    expect(resumed[1]).toMatchObject({ status: 'rejected', reason: refused });
    expect((await jobs.list()).map(({ state }) => state)).toEqual(['cancelled', 'running']);
  });
});

describe('a server that ends again and again', () => {
  /** As after a crash: nobody closes the runner. */
  async function crash(): Promise<void> {
    startRunner();
    await jobs.resumeAll();
  }

  it('continues a job at two more starts, then fails it with the reason; it can be resumed by hand', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    for (let start = 0; start < 2; start++) {
      await crash();
      expect((await jobs.get(jobId)).state).toBe('running');
    }
    await crash();
    expect(made).toEqual([]);
    const error = /did not end properly 3 times in a row while this job was running/;
    expect(await jobs.get(jobId)).toMatchObject({ state: 'failed', error: expect.stringMatching(error) as string });
    expect((await watchToEnd(jobId)).at(-2)).toMatch(/The job is failed: The server did not end/);
    expect((await jobs.resume(jobId)).state).toBe('running');
    await crash();
    expect((await jobs.get(jobId)).state).toBe('running');
  });

  it.each(['game', 'checkpoint', 'proper end'])('forgets its starts after a %s', async (proof) => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    for (let start = 0; start < 6; start++) {
      if (proof === 'game') jobs.gameStored({ sequence: 1, record: { jobId } } as StoredGame);
      else if (proof === 'checkpoint') await store.checkpoints.save(jobId, start + 1, new Uint8Array([start]));
      else await jobs.close();
      await store.jobs.list();
      await crash();
      expect((await jobs.get(jobId)).state).toBe('running');
    }
  });

  it('does not forget them for the checkpoint with which a start begins', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    for (let start = 0; start < 3; start++) {
      await store.checkpoints.save(jobId, 0, new Uint8Array([1]));
      await crash();
    }
    expect((await jobs.get(jobId)).state).toBe('failed');
  });
});

describe('progress', () => {
  it('is replayed, then followed live to the end, from any point on', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    const { context } = made[0]!;
    context.progress({ event: 'train', metrics: { loss: 2 }, message: 'early' });
    const watched = watchToEnd(jobId);
    const late = watchToEnd(jobId, 2);
    await store.jobs.list();
    context.progress({ event: 'train', metrics: { loss: 1 }, message: 'live' });
    made[0]!.resolve({ state: 'done' });
    expect(await watched).toEqual([
      '1 The job was created (running)',
      '2 early (running)',
      '3 live (running)',
      expect.stringMatching(/^4 The job is done/) as string,
      '- (done)',
    ]);
    expect((await late)[0]).toBe('3 live (running)');
    expect((await jobs.get(jobId)).metrics).toEqual({ loss: 1 });
    expect(await watchToEnd(jobId, 4)).toEqual(['- (done)']);
  });

  it('says in words what is no finite number, instead of keeping it as nothing', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    made[0]!.context.progress({ event: 'train', metrics: { loss: NaN, step: 2 }, message: '' });
    const [, point] = await store.progress.after(jobId, 0, 10);
    expect(point).toMatchObject({ metrics: { step: 2 }, message: 'loss is NaN' });
    expect((await jobs.get(jobId)).metrics).toEqual({ step: 2 });
  });

  it('goes on with its numbers after a restart', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    await jobs.close();
    startRunner();
    await jobs.resumeAll();
    expect((await store.progress.after(jobId, 0, 10)).map(({ message }) => message)).toEqual([
      'The job was created',
      'The job was continued',
    ]);
  });

  it('stops when the watcher leaves, and says so when the server does', async () => {
    const { jobId } = await jobs.create('scripted', 'm', {});
    const leaving = new AbortController();
    const seen: unknown[] = [];
    for await (const message of jobs.watch(jobId, 0, leaving.signal)) {
      seen.push(message);
      leaving.abort();
    }
    expect(seen).toHaveLength(1);
    const watched = expect(watchToEnd(jobId)).rejects.toMatchObject({ kind: 'unavailable' });
    await jobs.close();
    await watched;
  });
});
