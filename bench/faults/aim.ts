/**
 * Preloaded into a process that is to die: wraps what writes, and ends the process by SIGKILL at the moment that KILL_AT
 * names, as POINT:COUNT. Nothing of this is in the product.
 */

import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import type { KillPoint } from './kill-points.js';

const [wanted, count] = (process.env['KILL_AT'] ?? '').split(':');
let left = Number(count);

/** The process may end here. */
function reach(point: KillPoint): void {
  if (point === wanted && --left === 0) process.kill(process.pid, 'SIGKILL');
}

type Method = (this: FileHandle, ...args: unknown[]) => Promise<unknown>;

/** What was opened for reading alone; such a handle is synced only if it is that of a folder. */
const folders = new WeakSet<FileHandle>();

async function wrapFiles(): Promise<void> {
  const { open, rename, rm, unlink } = fs.promises;
  const probe = await open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(probe) as Record<'write' | 'writeFile' | 'sync' | 'datasync', Method>;
  await probe.close();
  const { write, writeFile, sync } = prototype;
  fs.promises.open = async (path, flags = 'r', mode) => {
    const handle = await open(path, flags, mode);
    if (flags === 'r') folders.add(handle);
    else reach('opened');
    return handle;
  };
  const halved = (method: Method): Method =>
    async function (bytes, ...rest) {
      if (wanted === 'half-written' && left === 1 && bytes instanceof Uint8Array) {
        await write.call(this, bytes.subarray(0, bytes.length >> 1));
      }
      reach('half-written');
      const result = await method.call(this, bytes, ...rest);
      reach('written');
      return result;
    };
  prototype.writeFile = halved(writeFile);
  prototype.write = halved(write);
  const synced = (method: Method): Method =>
    async function (...args) {
      const result = await method.apply(this, args);
      reach(folders.has(this) ? 'folder-synced' : 'synced');
      return result;
    };
  prototype.sync = synced(sync);
  prototype.datasync = synced(prototype.datasync);
  fs.promises.rename = async (from, to) => {
    await rename(from, to);
    reach('renamed');
  };
  fs.promises.rm = async (path, options) => {
    await rm(path, options);
    reach('removed');
  };
  fs.promises.unlink = async (path) => {
    await unlink(path);
    reach('removed');
  };
  wrapLog();
  syncBuiltinESMExports();
}

/** A worker writes every acknowledgement into its log. */
function wrapLog(): void {
  const { writeSync } = fs;
  fs.writeSync = ((fd: number, data: string, ...rest: []) => {
    if (typeof data === 'string' && data.includes('"game-stored"')) reach('stored');
    return writeSync(fd, data, ...rest);
  }) as typeof fs.writeSync;
}

interface Native {
  DatabaseSync: new (...args: unknown[]) => { exec(sql: string): void; prepare(sql: string): object };
}

/** The methods of the native classes cannot be replaced, so the class itself is, as it is loaded. */
function wrapDatabase(): void {
  const dlopen = process.dlopen.bind(process);
  process.dlopen = (module, filename, ...rest) => {
    dlopen(module, filename, ...(rest as []));
    const { exports: native } = module as { exports: Partial<Native> };
    if (native.DatabaseSync) native.DatabaseSync = aimed(native.DatabaseSync);
  };
}

function aimed(DatabaseSync: Native['DatabaseSync']): Native['DatabaseSync'] {
  return class extends DatabaseSync {
    override exec(sql: string): void {
      const commits = sql.startsWith('COMMIT');
      if (commits) reach('before-commit');
      super.exec(sql);
      if (commits) reach('committed');
    }

    override prepare(sql: string): object {
      const statement = super.prepare(sql) as { run(...values: unknown[]): unknown };
      const run = statement.run.bind(statement);
      const value = (...values: unknown[]): unknown => {
        const result = run(...values);
        reach('in-transaction');
        return result;
      };
      return Object.defineProperty(statement, 'run', { value });
    }
  };
}

if (wanted !== '') {
  if (isMainThread) await wrapFiles();
  else wrapDatabase();
}
