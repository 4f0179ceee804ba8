/**
 * What the server has acknowledged, as keys with values: `model a@12ab` has the sha256 of its file, `promoted a` a version.
 * A change that was asked for and not answered may have been made or not, so both values are allowed.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** One thing asked for or acknowledged. */
export interface LedgerEntry {
  readonly isAcknowledged: boolean;
  readonly key: string;
  /** `anything` if only its being there is known. */
  readonly value: string;
  /** Milliseconds since 1970 UTC, rounded up. */
  readonly atMs: number;
}

/** Allows every value but that there is none. */
export const anything = '*';

/** Entries in order; kept in a file so that a later run goes on with them. */
export class Ledger {
  readonly #file: string | undefined;
  readonly #entries: LedgerEntry[] = [];
  readonly #keys = new Set<string>();
  #acknowledged = 0;

  /** @param file where entries are kept; what is in it is read */
  constructor(file?: string, entries: readonly LedgerEntry[] = []) {
    this.#file = file;
    const kept = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    for (const entry of [...kept.map((line) => JSON.parse(line) as LedgerEntry), ...entries]) this.#take(entry);
  }

  /** Acknowledgements, one for every answer. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether something was acknowledged under this key. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Before a change is asked for. */
  asked(key: string, value: string): void {
    this.#add({ isAcknowledged: false, key, value, atMs: Date.now() });
  }

  /** After it was acknowledged, or what it left was read; `atMs` is when, rounded up. */
  acked(key: string, value = anything, atMs = Date.now() + 1): void {
    this.#add({ isAcknowledged: true, key, value, atMs });
  }

  /** What was known at a moment: acknowledged by then, or asked for. */
  until(atMs: number): Ledger {
    return new Ledger(
      undefined,
      this.#entries.filter((entry) => entry.atMs <= atMs),
    );
  }

  /** When something was acknowledged. */
  times(): readonly number[] {
    return this.#entries.filter(({ isAcknowledged }) => isAcknowledged).map(({ atMs }) => atMs);
  }

  /** The values that each acknowledged key may have. */
  allowed(): ReadonlyMap<string, ReadonlySet<string>> {
    const allowed = new Map<string, Set<string>>();
    for (const { isAcknowledged, key, value } of this.#entries) {
      if (isAcknowledged) allowed.set(key, new Set([value]));
      else allowed.get(key)?.add(value);
    }
    return allowed;
  }

  /** Every value that a key was ever asked to have. */
  values(key: string): ReadonlySet<string> {
    return new Set(this.#entries.filter((entry) => entry.key === key).map(({ value }) => value));
  }

  #add(entry: LedgerEntry): void {
    this.#take(entry);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  #take(entry: LedgerEntry): void {
    this.#entries.push(entry);
    if (!entry.isAcknowledged) return;
    this.#acknowledged++;
    this.#keys.add(entry.key);
  }
}
