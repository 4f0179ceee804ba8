/**
 * A map that knows in which order its entries were used last, for caches that decide themselves when an entry goes: one in
 * use is passed over, and what an entry holds is freed, perhaps with a wait, before the next is made.
 */
export class LruMap<K, V extends object> {
  /** The entry that was unused for longest first. */
  readonly #entries = new Map<K, V>();

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, which is thereby used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value) this.set(key, value);
    return value;
  }

  /** The value of a key, which is not thereby used. */
  peek(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets the value of a key, which is thereby used. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }

  /** Takes an entry out; whether there was one. */
  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** Takes out the value that was unused for longest of those that `mayGo`; undefined if there is none. */
  takeOldest(mayGo: (value: V) => boolean = () => true): V | undefined {
    for (const [key, value] of this.#entries) {
      if (!mayGo(value)) continue;
      this.#entries.delete(key);
      return value;
    }
    return undefined;
  }

  /** The values as they are now, the one that was unused for longest first. */
  values(): V[] {
    return [...this.#entries.values()];
  }

  /** The entries as they are now, in the same order. */
  entries(): [K, V][] {
    return [...this.#entries];
  }

  /** Takes all entries out. */
  clear(): void {
    this.#entries.clear();
  }
}
