/**
 * Every position of a game as hashes, and the moves between them: what superko asks about. One typed array, so that a
 * copy is one call; it grows by doubling.
 */

/** Words an entry: low and high hash word, and the move that led here (−1 for the first). */
const WORDS = 3;
const FIRST_CAPACITY = 128;

/** A list of positions, the start position first. */
export class History {
  #words = new Int32Array(WORDS * FIRST_CAPACITY);
  /** Number of entries: moves played + 1 once the start has been pushed. */
  length = 0;

  /** Appends a position and the move that led to it. */
  push(low: number, high: number, move: number): void {
    const at = WORDS * this.length++;
    if (at === this.#words.length) this.#grow(2 * at);
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.#words[at + 2] = move;
  }

  /** The move that led to entry `index`. */
  moveAt(index: number): number {
    return this.#words[WORDS * index + 2]!;
  }

  /** Whether any position had this hash. Linear in the length; about a nanosecond an entry. */
  has(low: number, high: number): boolean {
    const words = this.#words;
    const end = WORDS * this.length;
    for (let at = 0; at < end; at += WORDS) {
      if (words[at] === low && words[at + 1] === high) return true;
    }
    return false;
  }

  /** Replaces the hash of the newest entry. */
  amend(low: number, high: number): void {
    const at = WORDS * (this.length - 1);
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  /** Becomes a copy of `other`; allocates only if `other` has grown beyond what this one holds. */
  copyFrom(other: History): void {
    if (this.#words.length === other.#words.length && WORDS * other.length > 96) {
      this.#words.set(other.#words);
    } else {
      const end = WORDS * other.length;
      if (this.#words.length < end) this.#words = new Int32Array(other.#words.length);
      for (let at = 0; at < end; at++) this.#words[at] = other.#words[at]!;
    }
    this.length = other.length;
  }

  #grow(words: number): void {
    const old = this.#words;
    this.#words = new Int32Array(words);
    this.#words.set(old);
  }
}
