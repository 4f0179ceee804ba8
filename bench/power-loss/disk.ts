/**
 * A disk that forgets what was not synced. A file keeps what was written to it before its last sync, a folder the names
 * that it had at its own last sync; of later changes a disk may have kept any, or none, when the power goes.
 */

import type { Rng } from '../../src/core/rng.js';

/** The least that a disk writes at once. */
const SECTOR = 512;

/** A write, or a new length. */
type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly length: number };

/** A file: what is safe, and what was done to it since. */
export class DiskFile {
  #safe = Buffer.alloc(0);
  #length = 0;
  #pending: { readonly at: number; readonly change: Change }[] = [];

  /** @param at number of the call, for `sync` */
  change(at: number, change: Change): void {
    this.#pending.push({ at, change });
  }

  /** Makes safe what was done by calls before this number. */
  sync(before: number): void {
    for (const { at, change } of this.#pending) if (at < before) this.#apply(change);
    this.#pending = this.#pending.filter(({ at }) => at >= before);
  }

  /** What is left. @param keeps asked for each sector of each write since the last sync */
  content(keeps: () => boolean): Buffer {
    const left = new DiskFile();
    left.#safe = Buffer.from(this.#safe);
    left.#length = this.#length;
    for (const { change } of this.#pending) {
      if ('length' in change) {
        if (keeps()) left.#apply(change);
        continue;
      }
      const { offset, bytes } = change;
      for (let from = 0; from < bytes.length;) {
        const to = Math.min(bytes.length, (Math.floor((offset + from) / SECTOR) + 1) * SECTOR - offset);
        if (keeps()) left.#apply({ offset: offset + from, bytes: bytes.subarray(from, to) });
        from = to;
      }
    }
    return left.#safe.subarray(0, left.#length);
  }

  #apply(change: Change): void {
    const end = 'length' in change ? change.length : change.offset + change.bytes.length;
    if (end > this.#safe.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#safe.length));
      this.#safe.copy(larger, 0, 0, this.#length);
      this.#safe = larger;
    }
    if ('length' in change) {
      this.#safe.fill(0, change.length);
      this.#length = change.length;
    } else {
      this.#safe.set(change.bytes, change.offset);
      this.#length = Math.max(this.#length, end);
    }
  }
}

/** A name given, or taken away. */
interface Naming {
  readonly name: string;
  readonly node: DiskNode | undefined;
}

/** A folder: which names are safe, and what was done to them since; what one call does to two names is one change. */
export class DiskFolder {
  readonly #safe = new Map<string, DiskNode>();
  readonly #now = new Map<string, DiskNode>();
  #pending: { readonly at: number; readonly namings: readonly Naming[] }[] = [];

  /** What is there for a running program. */
  get(name: string): DiskNode | undefined {
    return this.#now.get(name);
  }

  /** @param at number of the call, for `sync` */
  change(at: number, namings: readonly Naming[]): void {
    this.#pending.push({ at, namings });
    name(this.#now, namings);
  }

  /** Makes safe what was done by calls before this number. */
  sync(before: number): void {
    for (const { at, namings } of this.#pending) if (at < before) name(this.#safe, namings);
    this.#pending = this.#pending.filter(({ at }) => at >= before);
  }

  /** What is left if the disk has kept the first of the changes since the last sync. */
  content(kept: (changes: number) => number): ReadonlyMap<string, DiskNode> {
    const left = new Map(this.#safe);
    for (const { namings } of this.#pending.slice(0, kept(this.#pending.length))) name(left, namings);
    return left;
  }
}

/** What a name stands for. */
export type DiskNode = DiskFile | DiskFolder;

function name(names: Map<string, DiskNode>, namings: readonly Naming[]): void {
  for (const { name, node } of namings) {
    if (node) names.set(name, node);
    else names.delete(name);
  }
}

/** What a disk has kept of what was not synced. */
export interface Keeping {
  readonly names: (changes: number) => number;
  readonly sectors: () => boolean;
}

/** Nothing; every name and no content, as file systems that only look after themselves do; anything. */
export function keepings(rng: Rng): readonly Keeping[] {
  return [
    { names: () => 0, sectors: () => false },
    { names: (changes) => changes, sectors: () => false },
    { names: (changes) => rng.int(changes + 1), sectors: () => rng.float() < 0.5 },
  ];
}
