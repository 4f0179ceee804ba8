/** What the store does with the files of its data folder: keeps them, counts who needs them, and refuses what is not its own. */

import { refOf } from '../../src/core/refs.js';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../src/store/store.js';

let dataDir: string;
let blobs: string;
const opened: Store[] = [];
const warnings: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-folder-'));
  blobs = join(dataDir, 'blobs');
  warnings.length = 0;
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close().catch(() => undefined);
  rmSync(dataDir, { recursive: true, force: true });
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const stray = 'f'.repeat(64);
const model = { name: 'a', size: 7, parameterCount: 10, architectureJson: '{}', step: 0 };
const samples = { name: 'd', samples: 1, malformed: 0 };

async function open(): Promise<Store> {
  const warn = (event: string, fields: Readonly<Record<string, unknown>>): void =>
    void warnings.push({ event, fields });
  const store = await openSqliteStore({ dataDir, now: () => 1000, warn });
  opened.push(store);
  return store;
}

/** A closed folder with one model; @returns its file's name */
async function folderWithModel(): Promise<string> {
  const store = await open();
  const { sha256 } = await store.models.put(model, bytesOf('weights'));
  await store.close();
  return sha256;
}

describe('a start', () => {
  it('removes our own unfinished files alone, and names what has no row', async () => {
    const sha256 = await folderWithModel();
    const unfinished = `${stray}.0123abcd.part`;
    for (const name of [stray, unfinished, 'half-written.part', 'photo.jpg']) writeFileSync(join(blobs, name), 'x');
    await open();
    expect(readdirSync(blobs).sort()).toEqual([sha256, stray, 'half-written.part', 'photo.jpg'].sort());
    expect(warnings).toMatchObject([
      { event: 'unfinished-files-removed', fields: { count: 1, names: [unfinished] } },
      { event: 'files-without-a-row', fields: { count: 1, names: [stray], advice: /tengen store sweep/ } },
      { event: 'foreign-files', fields: { count: 2 } },
      { event: 'folder-open-to-others' },
    ]);
  });

  it('names the rows whose file is missing, and serves the others', async () => {
    const sha256 = await folderWithModel();
    rmSync(join(blobs, sha256));
    const store = await open();
    const names = [`${sha256} (model a@${sha256.slice(0, 12)})`];
    expect(warnings).toMatchObject([{ event: 'files-missing', fields: { names } }]);
    await expect(store.models.read('a')).rejects.toMatchObject({ kind: 'internal', message: /is missing/ });
  });

  it.each([
    ['was moved away', (path: string) => renameSync(path, `${path}.damaged`)],
    ['is empty', (path: string) => writeFileSync(path, '')],
    [
      'has no tables',
      (path: string) => {
        rmSync(path);
        const raw = new DatabaseSync(path);
        raw.exec('CREATE TABLE t (x); DROP TABLE t');
        raw.close();
      },
    ],
  ])('refuses a folder whose database %s, and touches nothing', async (_, harm) => {
    const sha256 = await folderWithModel();
    const path = join(dataDir, 'tengen.db');
    harm(path);
    const before = readdirSync(dataDir);
    await expect(open()).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: /missing or empty.*back from a backup.*another folder.*tengen store new/,
    });
    expect(readdirSync(dataDir)).toEqual(before);
    expect(readdirSync(blobs)).toEqual([sha256]);
  });

  it("refuses somebody else's blobs folder, and a log without its database", async () => {
    mkdirSync(blobs);
    writeFileSync(join(blobs, 'cat.jpg'), 'x');
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /another folder/ });
    expect(readdirSync(dataDir)).toEqual(['blobs']);
    rmSync(blobs, { recursive: true });
    writeFileSync(join(dataDir, 'tengen.db-wal'), 'games that were not taken in yet');
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /the log of a database/ });
    expect(readdirSync(dataDir)).toEqual(['tengen.db-wal']);
  });

  it("refuses another program's database, and leaves every byte of it", async () => {
    const path = join(dataDir, 'tengen.db');
    const raw = new DatabaseSync(path);
    raw.exec('CREATE TABLE recipes (x); INSERT INTO recipes VALUES (1); PRAGMA user_version = 2');
    raw.close();
    const before = readFileSync(path);
    await expect(open()).rejects.toMatchObject({ kind: 'failed-precondition', message: /not written by this program/ });
    expect(readFileSync(path)).toEqual(before);
  });

  it('makes folder and files for their owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      dataDir = join(dataDir, 'deep', 'data');
      blobs = join(dataDir, 'blobs');
      const sha256 = await folderWithModel();
      await open();
      const modeOf = (...names: string[]): number => statSync(join(dataDir, ...names)).mode & 0o777;
      expect([modeOf(), modeOf('..'), modeOf('blobs')]).toEqual([0o700, 0o700, 0o700]);
      expect([modeOf('tengen.db'), modeOf('tengen.db-wal'), modeOf('blobs', sha256)]).toEqual([0o600, 0o600, 0o600]);
      expect(warnings).toEqual([]);
    } finally {
      process.umask(umask);
    }
  });

  it('says which paths others may read or change', async () => {
    await folderWithModel();
    chmodSync(dataDir, 0o755);
    chmodSync(join(dataDir, 'tengen.db'), 0o644);
    await open();
    const names = [dataDir, ...['tengen.db', 'tengen.db-wal'].map((name) => join(dataDir, name))];
    expect(warnings).toMatchObject([{ event: 'folder-open-to-others', fields: { names, advice: /chmod -R go-rwx/ } }]);
  });
});

describe('a file that several rows need', () => {
  const shared = bytesOf('the same bytes');

  it.each([
    [
      "another job's checkpoint",
      (store: Store) => store.checkpoints.save('k', 1, shared),
      (store: Store) => store.checkpoints.load('k'),
    ],
    ['a model', (store: Store) => store.models.put(model, shared), (store: Store) => store.models.read('a')],
    ['a data set', (store: Store) => store.datasets.put(samples, shared), (store: Store) => store.datasets.read('d')],
  ])('stays for %s when a checkpoint is replaced', async (_, needs, reads) => {
    const store = await open();
    await needs(store);
    await store.checkpoints.save('j', 1, shared);
    await store.checkpoints.save('j', 2, bytesOf('other bytes'));
    expect(Buffer.from((await reads(store)) ?? []).toString()).toBe('the same bytes');
  });

  it('goes with the last checkpoint that needs it', async () => {
    const store = await open();
    await store.checkpoints.save('j', 1, shared);
    await store.checkpoints.save('k', 1, shared);
    await store.checkpoints.save('j', 2, bytesOf('2'));
    await store.checkpoints.save('j', 2, bytesOf('2'));
    expect(readdirSync(blobs)).toHaveLength(2);
    await store.checkpoints.save('k', 2, bytesOf('2'));
    expect(readdirSync(blobs)).toHaveLength(1);
  });

  it('is there after every order of storing it anew and replacing the checkpoint that held it', async () => {
    const store = await open();
    for (let round = 0; round < 40; round++) {
      const bytes = bytesOf(`round ${round}`);
      await store.checkpoints.save('j', 1, bytes);
      // The replacement and the new row are on their way at once, at another distance each round.
      const replaced = store.checkpoints.save('j', 2, bytesOf(`next ${round}`));
      for (let i = 0; i < round; i++) await new Promise((resolve) => setImmediate(resolve));
      const stored = round % 2 === 0 ? store.datasets.put(samples, bytes) : store.models.put(model, bytes);
      await Promise.all([replaced, stored]);
    }
    const names = [
      ...(await store.models.list()).map((row) => store.models.read(refOf(row))),
      ...(await store.datasets.list()).map(({ name, version }) => store.datasets.read(`${name}@${version}`)),
    ];
    expect((await Promise.all(names)).map((bytes) => Buffer.from(bytes).toString()).sort()).toEqual(
      Array.from({ length: 40 }, (_, round) => `round ${round}`).sort(),
    );
    // One more for the checkpoint.
    expect(readdirSync(blobs)).toHaveLength(41);
  });
});

describe('a version whose twelve digits another file has already', () => {
  // Two texts whose sha256 begin with the same 48 bits; such pairs are found in seconds.
  const [one, other] = ['data 13099754', 'data 23482858'].map(bytesOf) as [Uint8Array, Uint8Array];

  it('is refused, and the first one stays', async () => {
    const store = await open();
    const first = await store.models.put(model, one);
    await store.datasets.put(samples, one);
    const refusal = { kind: 'already-exists', message: /'.@4fd25645ed91' is another file/ };
    await expect(store.models.put(model, other)).rejects.toMatchObject(refusal);
    await expect(store.datasets.put(samples, other)).rejects.toMatchObject(refusal);
    expect(await store.models.read('a')).toEqual(one);
    expect(await store.datasets.read('d')).toEqual(one);
    expect(readdirSync(blobs)).toEqual([first.sha256]);
    expect((await store.models.put({ ...model, name: 'b' }, other)).version).toBe(first.version);
  });
});
