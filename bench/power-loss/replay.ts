/** Calls of a trace, done to a disk that forgets. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assert } from '../../src/core/errors.js';
import { DiskFile, DiskFolder, type DiskNode, type Keeping } from './disk.js';
import { type Call, firstNumber, lastNumber, stringsOf } from './trace.js';

interface Opened {
  readonly node: DiskNode;
  readonly appends: boolean;
  position: number;
}

/** The disk below one folder, which is empty and safe at the beginning. */
export class Replay {
  readonly #path: string;
  readonly #root = new DiskFolder();
  readonly #opened = new Map<number, Opened>();
  #at = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** A new process: no file is open. Calls are numbered on from here. */
  restart(): void {
    this.#opened.clear();
  }

  /** Does the calls that had taken effect by then. @returns how many there were */
  run(calls: readonly Call[], untilMs: number): number {
    const first = this.#at;
    let done = 0;
    for (const call of calls) {
      if (call.doneMs <= untilMs) {
        this.#do(call, first + call.beganAt);
        done++;
      }
      this.#at++;
    }
    return done;
  }

  /** Writes what is left into a folder that is empty. */
  write(folder: string, keeping: Keeping): void {
    const writeFolder = (node: DiskFolder, path: string): void => {
      mkdirSync(path, { recursive: true });
      for (const [name, inside] of node.content(keeping.names)) {
        if (inside instanceof DiskFolder) writeFolder(inside, join(path, name));
        else writeFileSync(join(path, name), inside.content(keeping.sectors));
      }
    };
    writeFolder(this.#root, folder);
  }

  #do({ name, args, result }: Call, beganAt: number): void {
    const [first, second] = stringsOf(args);
    switch (name) {
      case 'open':
      case 'openat': {
        this.#open(first!.toString(), args, result);
        return;
      }
      case 'close':
        this.#opened.delete(firstNumber(args));
        return;
      case 'mkdir': {
        this.#name(first!.toString(), new DiskFolder());
        return;
      }
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        this.#rename(first!.toString(), second!.toString());
        return;
      }
      case 'unlink':
      case 'unlinkat':
      case 'rmdir': {
        this.#name(first!.toString(), undefined);
        return;
      }
      default: {
        this.#change({ name, args, result }, beganAt);
        return;
      }
    }
  }

  /** Calls on an open file. */
  #change({ name, args, result }: Pick<Call, 'name' | 'args' | 'result'>, beganAt: number): void {
    const opened = this.#opened.get(firstNumber(args));
    if (!opened) return;
    const { node } = opened;
    if (name === 'fsync' || name === 'fdatasync') {
      node.sync(beganAt);
      return;
    }
    assert(node instanceof DiskFile, `${name} on a folder`);
    const bytes = Buffer.concat(stringsOf(args)).subarray(0, result);
    switch (name) {
      case 'write':
      case 'writev':
        assert(!opened.appends, 'a file is written at its end, whose place is not known');
        node.change(this.#at, { offset: opened.position, bytes });
        opened.position += bytes.length;
        return;
      case 'pwrite64':
      case 'pwritev': {
        node.change(this.#at, { offset: lastNumber(args), bytes });
        return;
      }
      case 'ftruncate': {
        node.change(this.#at, { length: lastNumber(args) });
        return;
      }
      default:
        assert(false, `the replay does not know the call ${name}`);
    }
  }

  #open(path: string, args: string, fd: number): void {
    const place = this.#find(path);
    // Whatever was open under this number is not.
    this.#opened.delete(fd);
    if (!place) return;
    let node = place.name === '' ? place.folder : place.folder.get(place.name);
    if (!node) {
      assert(args.includes('O_CREAT'), `${path} was opened and is not there`);
      node = new DiskFile();
      place.folder.change(this.#at, [{ name: place.name, node }]);
    } else if (node instanceof DiskFile && args.includes('O_TRUNC')) node.change(this.#at, { length: 0 });
    this.#opened.set(fd, { node, appends: args.includes('O_APPEND'), position: 0 });
  }

  #name(path: string, node: DiskNode | undefined): void {
    const place = this.#find(path);
    place?.folder.change(this.#at, [{ name: place.name, node }]);
  }

  #rename(from: string, to: string): void {
    const [source, target] = [this.#find(from), this.#find(to)];
    if (!source && !target) return;
    assert(source !== undefined && source.folder === target?.folder, `${from} was moved to another folder`);
    const node = source.folder.get(source.name);
    source.folder.change(this.#at, [
      { name: source.name, node: undefined },
      { name: target.name, node },
    ]);
  }

  /** The folder of a path and the name in it; undefined outside; the name is empty for the whole disk itself. */
  #find(path: string): { readonly folder: DiskFolder; readonly name: string } | undefined {
    if (path === this.#path) return { folder: this.#root, name: '' };
    if (!path.startsWith(`${this.#path}/`)) return undefined;
    const parent = this.#find(dirname(path));
    const folder = parent?.name === '' ? parent.folder : parent?.folder.get(parent.name);
    return folder instanceof DiskFolder ? { folder, name: basename(path) } : undefined;
  }
}
