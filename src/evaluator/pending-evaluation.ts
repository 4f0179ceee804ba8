/** One request on its way through the batcher: what waits for the network, and where the answers go. */

import type { AppError } from '../core/errors.js';
import type { GoEvaluation } from '../go/evaluation.js';
import type { Snapshot } from '../go/snapshot.js';
import type { QueuedPositions } from './batcher.js';
import { type CacheKey, type EvaluationCache, hashPacked } from './cache.js';
import type { LoadedModel } from './loaded-models.js';
import { packPosition, packedBytes } from './packed-position.js';
import { readScores, scoreFields, type Writable } from './scores.js';
import type { Slots } from './slots.js';

/** Called once, with an error or without one. */
type Settled = (error: AppError | undefined) => void;

/** The positions of a request that the cache does not know; `evaluations` fills up until `count` are delivered. */
export class PendingEvaluation implements QueuedPositions {
  readonly model: number;
  readonly size: number;
  readonly interactive: boolean;
  readonly ownership: boolean;
  readonly packed: Uint8Array;
  readonly stride: number;
  /** Positions for the network; the rest came from the cache. */
  readonly count: number;
  /** [positions], in the order of the request; complete once settled without an error. */
  readonly evaluations: GoEvaluation[];
  readonly #targets: Int32Array;
  readonly #slots: Slots;
  readonly #cache: EvaluationCache | undefined;
  readonly #keys: CacheKey;
  /** Called when all are delivered, or one has failed. */
  settled: Settled = () => undefined;
  #left: number;

  /** @param request checked positions, all of one size that the model plays */
  constructor(
    loaded: LoadedModel,
    request: { positions: readonly Snapshot[]; size: number; interactive: boolean; ownership: boolean },
    context: { slots: Slots; cache: EvaluationCache | undefined },
  ) {
    const { positions } = request;
    const { cache } = context;
    this.model = loaded.model;
    this.interactive = request.interactive;
    this.ownership = request.ownership;
    this.size = request.size;
    this.stride = packedBytes(this.size);
    this.packed = new Uint8Array(positions.length * this.stride);
    this.evaluations = new Array<GoEvaluation>(positions.length);
    this.#targets = new Int32Array(positions.length);
    this.#keys = new Uint32Array(cache ? positions.length * 3 : 0);
    const words = new Int32Array(this.packed.buffer);
    const packedWords = this.stride / 4;
    let misses = 0;
    for (let i = 0; i < positions.length; i++) {
      packPosition(positions[i]!, this.packed, misses * this.stride);
      if (cache) {
        hashPacked(words, misses * packedWords, packedWords, this.model, this.#keys, misses * 3);
        const hit = cache.find(this.#keys, misses * 3, this.ownership);
        if (hit) {
          this.evaluations[i] = hit;
          continue;
        }
      }
      this.#targets[misses++] = i;
    }
    this.count = misses;
    this.#left = misses;
    this.#slots = context.slots;
    this.#cache = cache;
  }

  deliver(from: number, count: number, slot: number, at: number): void {
    const outputs = this.#slots.outputs(slot, this.#slots.claimedCount(slot), this.size);
    const points = this.size * this.size;
    const actions = points + 1;
    // One copy out of shared memory for all of them; each evaluation is a view of it.
    const policy = outputs.policy.slice(at * actions, (at + count) * actions);
    const owners = this.ownership ? outputs.ownership.slice(at * points, (at + count) * points) : undefined;
    for (let i = 0; i < count; i++) {
      const [win, draw, loss] = [
        outputs.value[3 * (at + i)]!,
        outputs.value[3 * (at + i) + 1]!,
        outputs.value[3 * (at + i) + 2]!,
      ];
      const logits = policy.subarray(i * actions, (i + 1) * actions);
      const evaluation: Writable<GoEvaluation> = { logits, win, draw, loss, value: win - loss, score: NaN };
      readScores(outputs.scores, (at + i) * scoreFields.length, evaluation);
      if (owners) evaluation.ownership = owners.subarray(i * points, (i + 1) * points);
      this.evaluations[this.#targets[from + i]!] = evaluation;
      this.#cache?.put(this.#keys, (from + i) * 3, evaluation);
    }
    this.#left -= count;
    if (this.#left === 0) this.settled(undefined);
  }

  fail(error: AppError): void {
    this.settled(error);
  }
}
