/** One request on its way through the batcher: what waits for the network, and where the answers go. */

import type { AppError } from '../core/errors.js';
import type { QueuedPositions } from './batcher.js';
import { type CacheKey, type EvaluationCache, hashPacked } from './cache.js';
import type { LoadedModel } from './loaded-models.js';
import { evaluationBytes, packEvaluation, type PackedEvaluations } from '../go/packed-evaluation.js';
import { packedBytes, type PackedPositions } from '../go/packed-position.js';
import type { Slots } from './slots.js';

/** Called once, with an error or without one. */
type Settled = (error: AppError | undefined) => void;

/** The positions of a request that the cache does not know; `evaluations` fills up until `count` are delivered. */
export class PendingEvaluation implements QueuedPositions {
  readonly model: number;
  readonly size: number;
  readonly interactive: boolean;
  readonly ownership: boolean;
  /** Those for the network in front; what is behind them is not used any more. */
  readonly packed: Uint8Array;
  readonly stride: number;
  /** Positions for the network; the rest came from the cache. */
  readonly count: number;
  /** Of all positions, in the order of the request; complete once settled without an error. */
  readonly evaluations: PackedEvaluations;
  readonly #words: Int32Array;
  readonly #floats: Float32Array;
  readonly #targets: Int32Array;
  readonly #slots: Slots;
  readonly #cache: EvaluationCache | undefined;
  readonly #keys: CacheKey;
  /** Called when all are delivered, or one has failed. */
  settled: Settled = () => undefined;
  #left: number;

  /** @param request checked positions of a size that the model plays; their bytes are taken over */
  constructor(
    loaded: LoadedModel,
    request: { readonly positions: PackedPositions; readonly interactive: boolean; readonly ownership: boolean },
    context: { readonly slots: Slots; readonly cache: EvaluationCache | undefined },
  ) {
    const { packed, count, size } = request.positions;
    const { ownership } = request;
    this.model = loaded.model;
    this.interactive = request.interactive;
    this.ownership = ownership;
    this.size = size;
    this.stride = packedBytes(size);
    this.packed = packed;
    const bytes = new Uint8Array(count * evaluationBytes(size, ownership));
    this.evaluations = { size, count, ownership, bytes };
    this.#words = new Int32Array(bytes.buffer);
    this.#floats = new Float32Array(bytes.buffer);
    this.#targets = new Int32Array(count);
    this.#slots = context.slots;
    this.#cache = context.cache;
    this.#keys = new Uint32Array(context.cache ? count * 3 : 0);
    this.count = this.#left = this.#lookUp(count);
  }

  /** Takes from the cache what it knows, and moves the other positions together; returns how many those are. */
  #lookUp(count: number): number {
    const words = this.stride / 4;
    const all = new Int32Array(this.packed.buffer, this.packed.byteOffset, count * words);
    let misses = 0;
    for (let i = 0; i < count; i++) {
      if (this.#cache) {
        hashPacked(all, i * words, words, this.model, this.#keys, misses * 3);
        if (this.#cache.find(this.#keys, misses * 3, this.ownership, this.#words, i)) continue;
      }
      if (misses < i) all.copyWithin(misses * words, i * words, (i + 1) * words);
      this.#targets[misses++] = i;
    }
    return misses;
  }

  deliver(from: number, count: number, slot: number, at: number): void {
    const outputs = this.#slots.outputs(slot, this.#slots.claimedCount(slot), this.size);
    const rows = { ...outputs, policy: bitsOf(outputs.policy), ownership: bitsOf(outputs.ownership) };
    for (let i = 0; i < count; i++) {
      const target = this.#targets[from + i]!;
      packEvaluation(rows, at + i, this.evaluations, this.#floats, target);
      this.#cache?.put(this.#keys, (from + i) * 3, this.ownership, this.#words, target);
    }
    this.#left -= count;
    if (this.#left === 0) this.settled(undefined);
  }

  fail(error: AppError): void {
    this.settled(error);
  }
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
