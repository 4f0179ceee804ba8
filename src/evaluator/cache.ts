/**
 * Remembers evaluations. A fixed amount of memory in typed arrays: sets of four entries each, the least recently used of a
 * set gives way. The key is 96 bits of hash over the packed position (packed-position.ts) and the model's number, so a wrong
 * answer is out of the question in practice and old versions simply age out.
 */

import { evaluationBytes } from '../go/packed-evaluation.js';

const ways = 4;
const keyWords = 3;

/** The key that `EvaluationCache.find` and `put` take; written by `hashPacked`. */
export type CacheKey = Uint32Array;

/** Hashes `words` 32-bit words from `from` on, for the model with this number, into `key` [3] at `at`. */
export function hashPacked(
  words: Int32Array,
  from: number,
  count: number,
  model: number,
  key: CacheKey,
  at: number,
): void {
  let a = Math.imul(model + 1, 0x9e3779b1) | 0;
  let b = (a ^ 0x85ebca6b) | 0;
  let c = (a ^ 0x27d4eb2f) | 0;
  for (let i = 0; i < count; i++) {
    const word = words[from + i]!;
    a = Math.imul(a ^ word, 0xcc9e2d51);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0x85ebca6b);
    b ^= b >>> 13;
    c = Math.imul((c ^ (word >>> 16) ^ (word << 16)) + i, 0xc2b2ae35);
    c ^= c >>> 16;
  }
  key[at] = finish(a);
  key[at + 1] = finish(b ^ a);
  key[at + 2] = finish(c ^ b) | 1; // never zero: zero marks an empty entry
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** A bounded cache of packed evaluations (packed-evaluation.ts) for one board size. */
export class EvaluationCache {
  /** How many evaluations it can hold. */
  readonly entries: number;
  /** Words of an entry, and of an evaluation without ownership, which is how an entry begins. */
  readonly #stride: number;
  readonly #withoutOwnership: number;
  readonly #sets: number;
  readonly #keys: Uint32Array;
  readonly #used: Uint32Array;
  readonly #hasOwnership: Uint8Array;
  readonly #values: Int32Array;
  #clock = 0;

  /**
   * @param size  points on a side
   * @param bytes most memory to use
   */
  constructor(size: number, bytes: number) {
    this.#stride = evaluationBytes(size, true) / 4;
    this.#withoutOwnership = evaluationBytes(size, false) / 4;
    const entryBytes = 4 * (this.#stride + keyWords + 1) + 1;
    this.#sets = Math.max(1, Math.floor(bytes / entryBytes / ways));
    this.entries = this.#sets * ways;
    this.#keys = new Uint32Array(this.entries * keyWords);
    this.#used = new Uint32Array(this.entries);
    this.#hasOwnership = new Uint8Array(this.entries);
    this.#values = new Int32Array(this.entries * this.#stride);
  }

  /**
   * Copies the evaluation kept under the key in `keys` at `at` to `out` as words, evaluation `index` there.
   *
   * @returns whether there is one; one without ownership does not count if that is wanted
   */
  find(keys: CacheKey, at: number, ownership: boolean, out: Int32Array, index: number): boolean {
    const entry = this.#entryOf(keys, at);
    if (entry < 0 || (ownership && this.#hasOwnership[entry] === 0)) return false;
    this.#used[entry] = this.#tick();
    const words = ownership ? this.#stride : this.#withoutOwnership;
    copy(this.#values, entry * this.#stride, out, index * words, words);
    return true;
  }

  /** Keeps a copy of evaluation `index` of `evaluations`, as words. */
  put(keys: CacheKey, at: number, ownership: boolean, evaluations: Int32Array, index: number): void {
    const known = this.#entryOf(keys, at);
    // An answer without ownership must not replace one that has it.
    if (known >= 0 && (this.#hasOwnership[known] === 1 || !ownership)) return;
    const entry = known >= 0 ? known : this.#oldest(keys[at]! % this.#sets);
    for (let i = 0; i < keyWords; i++) this.#keys[entry * keyWords + i] = keys[at + i]!;
    this.#used[entry] = this.#tick();
    this.#hasOwnership[entry] = ownership ? 1 : 0;
    const words = ownership ? this.#stride : this.#withoutOwnership;
    copy(evaluations, index * words, this.#values, entry * this.#stride, words);
  }

  #entryOf(keys: CacheKey, at: number): number {
    const first = (keys[at]! % this.#sets) * ways;
    for (let entry = first; entry < first + ways; entry++) {
      const key = entry * keyWords;
      if (
        this.#keys[key + 2] === keys[at + 2] &&
        this.#keys[key + 1] === keys[at + 1] &&
        this.#keys[key] === keys[at]
      ) {
        return entry;
      }
    }
    return -1;
  }

  #oldest(set: number): number {
    let oldest = set * ways;
    for (let entry = oldest + 1; entry < (set + 1) * ways; entry++) {
      if (this.#age(entry) > this.#age(oldest)) oldest = entry;
    }
    return oldest;
  }

  #age(entry: number): number {
    return this.#keys[entry * keyWords + 2] === 0 ? Infinity : (this.#clock - this.#used[entry]!) >>> 0;
  }

  #tick(): number {
    this.#clock = (this.#clock + 1) >>> 0;
    return this.#clock;
  }
}

/** Faster for so few words than the engine's own, which wants a view of them. */
function copy(from: Int32Array, at: number, to: Int32Array, toAt: number, words: number): void {
  for (let i = 0; i < words; i++) to[toAt + i] = from[at + i]!;
}
