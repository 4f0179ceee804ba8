/** The tools that look after a data folder: check, sweep, back up, begin anew; and what a failed store leaves behind. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorKind } from '../../src/core/errors.js';
import { backUp } from '../../src/store/sqlite/backup.js';
import { beginAnew } from '../../src/store/sqlite/begin.js';
import { Blobs } from '../../src/store/sqlite/blobs.js';
import { checkFolder, isSound } from '../../src/store/sqlite/check.js';
import type { CommitQueue } from '../../src/store/sqlite/commit-queue.js';
import { digest } from '../../src/store/sqlite/digest.js';
import { Files } from '../../src/store/sqlite/files.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { sweepFolder } from '../../src/store/sqlite/sweep.js';
import type { Store } from '../../src/store/store.js';
import { skipWithout } from '../support/needs.js';

let dataDir: string;
let blobs: string;
const opened: Store[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-tools-'));
  blobs = join(dataDir, 'blobs');
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close().catch(() => undefined);
  rmSync(dataDir, { recursive: true, force: true });
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const stray = 'f'.repeat(64);
const model = { name: 'a', size: 7, parameterCount: 10, architectureJson: '{}', step: 0 };
const samples = { name: 'd', samples: 1, malformed: 0 };
const day = 24 * 3600 * 1000;

async function open(folder = dataDir): Promise<Store> {
  const store = await openSqliteStore({ dataDir: folder, now: () => 1000 });
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

/** Overwrites part of every page but the first, as a bad disk may. */
function harmPages(path: string): void {
  const file = openSync(path, 'r+');
  const { size } = statSync(path);
  for (let at = 4096; at < size; at += 4096) writeSync(file, Buffer.alloc(2048, 0x5a), 0, 2048, at);
  closeSync(file);
}

describe('checking a folder', () => {
  it('finds rows without a file, files that changed, files without a row, and passes what is whole', async () => {
    const store = await open();
    const missing = await store.models.put(model, bytesOf('missing'));
    const kept = await store.datasets.put(samples, bytesOf('kept'));
    const changed = await store.datasets.put(samples, bytesOf('changed'));
    await store.close();
    const whole = await checkFolder(dataDir);
    expect(isSound(whole)).toBe(true);
    expect(whole).toMatchObject({ files: 3, orphans: [], corrupt: [], unreferenced: [], foreign: [], database: [] });

    rmSync(join(blobs, missing.sha256));
    writeFileSync(join(blobs, changed.sha256), 'evil');
    const stranger = await digest(bytesOf('stranger'));
    writeFileSync(join(blobs, stranger), 'stranger');
    writeFileSync(join(blobs, `${stray}.00000000.part`), 'x');
    const report = await checkFolder(dataDir);
    expect(isSound(report)).toBe(false);
    expect(report).toMatchObject({
      files: 3,
      orphans: [{ sha256: missing.sha256, holders: [`model a@${missing.version}`] }],
      corrupt: [{ name: changed.sha256, holders: [`data set d@${changed.version}`] }],
      unreferenced: [{ name: stranger }],
      unfinished: [{ kind: 'unfinished' }],
    });
    expect(existsSync(join(blobs, kept.sha256))).toBe(true);
  });

  it('is refused while a server has the folder open, and where there is none', async () => {
    await open();
    await expect(checkFolder(dataDir)).rejects.toMatchObject({ message: /in use by another server/ });
    await expect(sweepFolder(dataDir, 0, () => true)).rejects.toMatchObject({ message: /in use by another server/ });
    await expect(checkFolder(join(dataDir, 'none'))).rejects.toMatchObject({ kind: 'not-found' });
    expect(existsSync(join(dataDir, 'none'))).toBe(false);
  });
});

describe('sweeping a folder', () => {
  it('removes old files without a row, once approved, and nothing else', async () => {
    const sha256 = await folderWithModel();
    const [old, young] = ['e'.repeat(64), stray];
    for (const name of [old, young, 'photo.jpg']) writeFileSync(join(blobs, name), 'x');
    const now = Date.now();
    for (const name of [old, sha256, 'photo.jpg']) utimesSync(join(blobs, name), 0, (now - day) / 1000 - 1);
    const before = readdirSync(blobs);
    expect(await sweepFolder(dataDir, now, () => false)).toMatchObject({
      old: [{ name: old }],
      young: [{ name: young }],
    });
    expect(readdirSync(blobs)).toEqual(before);
    await sweepFolder(dataDir, now, () => true);
    expect(readdirSync(blobs).sort()).toEqual([sha256, young, 'photo.jpg'].sort());
  });
});

describe('a damaged database', () => {
  it('is reported by the check with what to do, is never swept, and gives way to a new one that keeps all files', async () => {
    const sha256 = await folderWithModel();
    const path = join(dataDir, 'tengen.db');
    harmPages(path);
    const report = await checkFolder(dataDir);
    expect(isSound(report)).toBe(false);
    expect(report).toMatchObject({ files: 1, unreferenced: [], corrupt: [] });
    await expect(open()).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: /is damaged .* nothing was removed.*still in '.*blobs'.*backup.*tengen store new/,
    });
    await expect(sweepFolder(dataDir, Date.now() + 2 * day, () => true)).rejects.toMatchObject({ message: /damaged/ });
    await expect(backUp(dataDir, join(dataDir, 'copy'))).rejects.toMatchObject({ message: /damaged/ });

    expect(await beginAnew(dataDir, 0)).toEqual([`${path}.1970-01-01-00-00-00`]);
    expect(readdirSync(blobs)).toEqual([sha256]);
    expect(await checkFolder(dataDir)).toMatchObject({ database: [], unreferenced: [{ name: sha256 }], files: 1 });
    const store = await open();
    await store.models.put(model, bytesOf('weights'));
    expect(await store.models.read('a')).toEqual(bytesOf('weights'));
  });

  it('says so also at a read long after the start', async () => {
    const store = await open();
    // Enough that most of it is not in the memory of SQLite.
    const game = {
      jobId: 'j',
      modelVersion: 'm@1',
      kind: 'self-play',
      variation: 0,
      isLast: true,
      size: 7,
      positionCount: 3,
      moveCount: 4,
      score: 0,
      bytes: new Uint8Array(60_000),
    } as const;
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => store.games.put({ ...game, gameId: `g${i}`, treeId: `g${i}` })),
    );
    await store.close();
    const again = await open();
    harmPages(join(dataDir, 'tengen.db'));
    const advice = { kind: 'failed-precondition', message: /is damaged .* nothing was removed.*tengen store new/ };
    await expect(again.games.after('j', 0, 100)).rejects.toMatchObject(advice);
    await expect(again.games.put({ ...game, gameId: 'x', treeId: 'x' })).rejects.toMatchObject(advice);
  });

  it('is what a new database takes the place of; a whole one stays', async () => {
    await folderWithModel();
    await expect(beginAnew(dataDir, 0)).rejects.toMatchObject({ kind: 'already-exists', message: /is whole/ });
    await open();
    await expect(beginAnew(dataDir, 0)).rejects.toMatchObject({ message: /in use by another server/ });
  });
});

describe('a backup', () => {
  it('is a data folder with all rows and the files that they need', async () => {
    const sha256 = await folderWithModel();
    writeFileSync(join(blobs, stray), 'no row');
    const copy = join(dataDir, 'copy');
    expect(await backUp(dataDir, copy)).toEqual({ files: 1, bytes: 7 });
    expect(readdirSync(join(copy, 'blobs'))).toEqual([sha256]);
    expect(isSound(await checkFolder(copy))).toBe(true);
    const store = await open(copy);
    expect(await store.models.read('a')).toEqual(bytesOf('weights'));
    await expect(backUp(dataDir, copy)).rejects.toMatchObject({ kind: 'invalid-argument', message: /in it/ });
  });

  it('is refused when a file is missing', async () => {
    rmSync(join(blobs, await folderWithModel()));
    await expect(backUp(dataDir, join(dataDir, 'copy'))).rejects.toMatchObject({ message: /is missing/ });
  });
});

describe('a file whose row could not be stored', () => {
  it.each([
    ['goes when there was no room for the row', 'resource-exhausted', false, false],
    ['stays when another row needs it', 'resource-exhausted', true, true],
    ['stays when the disk failed, since the row may be there after all', 'unavailable', false, true],
  ] as const)('%s', async (_, kind: ErrorKind, isNeeded: boolean, stays: boolean) => {
    const queue = { call: () => Promise.resolve(isNeeded) } as unknown as CommitQueue;
    const files = new Files(await Blobs.open(blobs), queue, () => undefined);
    const failing = files.put(bytesOf('x'), () => Promise.reject(new AppError(kind, 'no')));
    await expect(failing).rejects.toMatchObject({ kind });
    expect(readdirSync(blobs)).toHaveLength(stays ? 1 : 0);
  });
});

describe('a disk that takes no more', () => {
  /** Mounts a disk for a test, or skips the test where that is not permitted. */
  function mounted(skip: (why: string) => never, ...args: string[]): string {
    const disk = join(dataDir, 'disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', [...args, disk], { stdio: 'ignore' });
    } catch {
      skipWithout('mount', skip);
    }
    return disk;
  }

  it('refuses a file when it is full, leaves no part of it, and goes on when there is room', async ({ skip }) => {
    const disk = mounted(skip, '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs');
    try {
      const store = await open(disk);
      const full = { kind: 'resource-exhausted', message: /disk that holds '.*' is full; nothing was stored/ };
      await expect(store.models.put(model, new Uint8Array(4 << 20))).rejects.toMatchObject(full);
      await expect(store.datasets.put(samples, new Uint8Array(4 << 20))).rejects.toMatchObject(full);
      await expect(store.checkpoints.save('j', 1, new Uint8Array(4 << 20))).rejects.toMatchObject(full);
      expect(readdirSync(join(disk, 'blobs'))).toEqual([]);
      await store.models.put(model, bytesOf('weights'));
      expect(await store.models.read('a')).toEqual(bytesOf('weights'));
      await store.close();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('says that a folder is read-only', async ({ skip }) => {
    await folderWithModel();
    const disk = mounted(skip, '--bind', dataDir);
    try {
      execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
      await expect(open(disk)).rejects.toMatchObject({
        kind: 'unavailable',
        message: /tengen\.db' cannot be written.*read-only/,
      });
      await expect(open(join(disk, 'new'))).rejects.toMatchObject({ message: /new' cannot be written.*read-only/ });
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('says that a file is where a folder should be', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    const why = { kind: 'failed-precondition', message: /cannot be a folder: a file has that name/ };
    await expect(open(join(dataDir, 'file'))).rejects.toMatchObject(why);
    await expect(open(join(dataDir, 'file', 'data'))).rejects.toMatchObject(why);
  });
});
