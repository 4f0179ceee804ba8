import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { GameServiceDefinition } from '../../src/proto/tengen/v1/game.js';
import { DatasetServiceDefinition } from '../../src/proto/tengen/v1/dataset.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import {
  makeDataDir,
  removeDataDir,
  startRefused,
  startServerProcess,
  type ServerProcess,
} from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const fixture = join(import.meta.dirname, '../data/folder-37706b3');

let dataDir: string;
let server: ServerProcess | undefined;

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await server?.kill();
  server = undefined;
  removeDataDir(dataDir);
});

async function start(): Promise<ServerProcess> {
  server = await startServerProcess(dataDir);
  return server;
}

/** Runs `tengen store …` on the folder. */
function store(...words: string[]): { code: number | null; out: string; err: string } {
  const args = [tengen, 'store', ...words, '--data-dir', dataDir];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

/** The folder that commit 37706b3 made, in the test's own. */
function oldFolder(): string[] {
  for (const name of ['tengen.db', 'blobs']) cpSync(join(fixture, name), join(dataDir, name), { recursive: true });
  return readdirSync(join(dataDir, 'blobs')).sort();
}

async function stepOf(connection: Connection, jobId: string): Promise<number> {
  const { job } = await connection.client(JobServiceDefinition).getJob({ jobId });
  expect(job?.error).toBe('');
  expect(job?.state).toBe(JobState.RUNNING);
  return job?.metrics['step'] ?? 0;
}

/** Waits until a job has done this step. */
async function reaches(connection: Connection, jobId: string, step: number): Promise<void> {
  const seen = connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 });
  for await (const { progress, state } of seen) {
    expect(state).toBe(JobState.RUNNING);
    if ((progress?.metrics['step'] ?? 0) >= step) return;
  }
}

/** Overwrites a part of every page of a database but the first. */
function harmPages(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0x5a, at, at + 2048);
  writeFileSync(path, bytes);
}

describe('a data folder of commit 37706b3', () => {
  it('is opened, and its jobs, models and games go on', async () => {
    oldFolder();
    const connection = (await start()).connect();
    expect(await stepOf(connection, 'alphazero-1')).toBe(86);
    await reaches(connection, 'sft-2', 100);

    const models = connection.client(ModelServiceDefinition);
    const { models: versions } = await models.listModels({ name: 'go' });
    expect(versions.map(({ step, promoted }) => [step, promoted])).toEqual([
      [80, false],
      [60, false],
      [40, true],
      [20, false],
      [0, false],
    ]);
    for (const { name, version, sizeBytes } of versions) {
      let bytes = 0;
      for await (const { chunk } of models.downloadModel({ model: `${name}@${version}` })) bytes += chunk.length;
      expect(bytes).toBe(sizeBytes);
    }
    const { datasets } = await connection.client(DatasetServiceDefinition).listDatasets({});
    expect(datasets).toMatchObject([{ name: 'chats', samples: 20 }]);

    const worker = new WorkClient(connection);
    worker.hello(2);
    for (let i = 0; i < 3; i++) {
      worker.submit(await worker.next('lease'));
      await worker.next('stored');
    }
    await reaches(connection, 'alphazero-1', 90);
    const { games } = await connection.client(GameServiceDefinition).listGames({ jobId: 'alphazero-1', limit: 100 });
    expect(games).toHaveLength(14);
    expect(await server?.stop()).toBe(0);
    expect(store('check', '--json').code).toBe(0);
  });

  it('keeps every file when its database is moved away, and has them again when it is back', async () => {
    const files = oldFolder();
    const path = join(dataDir, 'tengen.db');
    renameSync(path, `${path}.away`);
    const refused = await startRefused(dataDir, []);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/missing or empty.*backup.*another folder/) as string,
    });
    writeFileSync(path, '');
    expect((await startRefused(dataDir, [])).code).toBe(1);
    expect(readdirSync(join(dataDir, 'blobs')).sort()).toEqual(files);

    rmSync(path);
    expect(store('new').code).toBe(0);
    const anew = await start();
    expect(anew.log()).toMatch(/"count":8.*"files-without-a-row"/);
    await anew.stop();
    expect(readdirSync(join(dataDir, 'blobs')).sort()).toEqual(files);
    const report = JSON.parse(store('check', '--json').out) as Record<string, unknown[]>;
    expect([report['unreferenced'], report['orphans'], report['corrupt']].map((list) => list?.length)).toEqual([
      8, 0, 0,
    ]);

    renameSync(`${path}.away`, path);
    expect(await stepOf((await start()).connect(), 'alphazero-1')).toBe(86);
  });

  it('says what is wrong: a lost file, a changed one, a damaged database', async () => {
    const [first = '', second = ''] = oldFolder();
    rmSync(join(dataDir, 'blobs', first));
    writeFileSync(join(dataDir, 'blobs', second), 'something else');
    const { code, out } = store('check');
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`missing.*: 1\n  ${first}  data set chats@`));
    expect(out).toMatch(new RegExp(`damaged.*: 1\n  ${second}  `));
    await start();
    expect(server?.log()).toMatch(/"files-missing"/);
    expect(store('check')).toMatchObject({ code: 1, err: expect.stringMatching(/in use by another server/) as string });
    expect(store('sweep', '--yes')).toMatchObject({ code: 1, err: expect.stringMatching(/in use/) as string });
    await server?.stop();

    const path = join(dataDir, 'tengen.db');
    for (const harm of [() => harmPages(path), () => writeFileSync(path, Buffer.alloc(40_000, 'no database'))]) {
      harm();
      expect((await startRefused(dataDir, [])).stderr).toMatch(
        /is damaged .*every model, checkpoint and data set is still in.*backup.*tengen store new/,
      );
    }
    expect(JSON.parse(store('check', '--json').out)).toMatchObject({ isSound: false, database: [expect.anything()] });
    expect(existsSync(join(dataDir, 'blobs', second))).toBe(true);
  });
});
