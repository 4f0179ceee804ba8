/**
 * Remembers evaluations. A fixed amount of memory in typed arrays: sets of four entries each, the least recently used of a
 * set gives way. The key is 96 bits of hash over the packed position (packed-position.ts) and the model's number, so a wrong
 * answer is out of the question in practice and old versions simply age out.
 */

import type { GoEvaluation } from '../go/evaluation.js';
import { readScores, scoreFields, type Writable, writeScores } from './scores.js';

const ways = 4;
const keyWords = 3;
/** Win, draw, loss and the scores. */
const HEAD = 3 + scoreFields.length;

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

/** A bounded cache of evaluations for one board size. */
export class EvaluationCache {
  /** How many evaluations it can hold. */
  readonly entries: number;
  readonly #points: number;
  readonly #stride: number;
  readonly #sets: number;
  readonly #keys: Uint32Array;
  readonly #used: Uint32Array;
  readonly #hasOwnership: Uint8Array;
  readonly #values: Float32Array;
  #clock = 0;

  /**
   * @param size  points on a side
   * @param bytes most memory to use
   */
  constructor(size: number, bytes: number) {
    this.#points = size * size;
    this.#stride = 2 * this.#points + 1 + HEAD;
    const entryBytes = 4 * (this.#stride + keyWords + 1) + 1;
    this.#sets = Math.max(1, Math.floor(bytes / entryBytes / ways));
    this.entries = this.#sets * ways;
    this.#keys = new Uint32Array(this.entries * keyWords);
    this.#used = new Uint32Array(this.entries);
    this.#hasOwnership = new Uint8Array(this.entries);
    this.#values = new Float32Array(this.entries * this.#stride);
  }

  /** The evaluation kept under the key in `keys` at `at`; one without ownership does not count if that is wanted. */
  find(keys: CacheKey, at: number, ownership: boolean): GoEvaluation | undefined {
    const entry = this.#entryOf(keys, at);
    if (entry < 0 || (ownership && this.#hasOwnership[entry] === 0)) return undefined;
    this.#used[entry] = this.#tick();
    const from = entry * this.#stride;
    const head = from + this.#points + 1;
    const [win, draw, loss] = [this.#values[head]!, this.#values[head + 1]!, this.#values[head + 2]!];
    const logits = this.#values.slice(from, head);
    const evaluation: Writable<GoEvaluation> = { logits, win, draw, loss, value: win - loss, score: NaN };
    readScores(this.#values, head + 3, evaluation);
    if (ownership) evaluation.ownership = this.#values.slice(head + HEAD, head + HEAD + this.#points);
    return evaluation;
  }

  /** Keeps a copy of `evaluation`. */
  put(keys: CacheKey, at: number, evaluation: GoEvaluation): void {
    const known = this.#entryOf(keys, at);
    // An answer without ownership must not replace one that has it.
    if (known >= 0 && (this.#hasOwnership[known] === 1 || !evaluation.ownership)) return;
    const entry = known >= 0 ? known : this.#oldest(keys[at]! % this.#sets);
    this.#keys.set(keys.subarray(at, at + keyWords), entry * keyWords);
    this.#used[entry] = this.#tick();
    const from = entry * this.#stride;
    const head = from + this.#points + 1;
    this.#values.set(evaluation.logits, from);
    this.#values[head] = evaluation.win;
    this.#values[head + 1] = evaluation.draw;
    this.#values[head + 2] = evaluation.loss;
    writeScores(evaluation, this.#values, head + 3);
    this.#hasOwnership[entry] = evaluation.ownership ? 1 : 0;
    if (evaluation.ownership) this.#values.set(evaluation.ownership, head + HEAD);
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
