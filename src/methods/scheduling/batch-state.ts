/** The time of a micro-batch under the cost model, kept up while its sequences move between ranks. */

import { microBatchMs, sequenceMs, shardMs } from './cost-model.js';
import { SHARDED, type Cluster } from './plan.js';
import { shardTokens } from './shards.js';

/** A sequence that is nowhere yet. */
const NOWHERE = -2;

/** T_DACP (Eq. 1) of a micro-batch, ms. */
export function batchMs(
  { sequences, placements }: { readonly sequences: Int32Array; readonly placements: Int16Array },
  lengths: ArrayLike<number>,
  cluster: Cluster,
): number {
  const state = new BatchState(
    Float64Array.from(sequences, (sequence) => lengths[sequence]!),
    cluster,
  );
  for (let i = 0; i < placements.length; i++) state.move(i, placements[i]!);
  return state.ms();
}

/**
 * A micro-batch as the sums that Eq. 2 to 5 and Eq. 7 need, so that a move costs one pass over the ranks at most. Begins
 * with no sequence anywhere.
 */
export class BatchState {
  readonly #cluster: Cluster;
  readonly #lengths: Float64Array;
  /** What each sequence takes whole, and what its shard takes, ms. */
  readonly #wholeMs: Float64Array;
  readonly #shardMs: Float64Array;
  readonly #localMs: Float64Array;
  /** Sequences in a sum, so that sums of none are exactly 0 after any number of moves. */
  readonly #localCounts: Int32Array;
  #shardedCount = 0;
  #shardedMs = 0;
  #shardedTokens = 0;
  /** Tokens that each rank holds, with its shards and what it gathers. */
  readonly #tokens: Float64Array;
  /** Of each sequence; changed by `move` alone. */
  readonly placements: Int16Array;

  /** @param lengths of the sequences of this micro-batch alone */
  constructor(lengths: Float64Array, cluster: Cluster) {
    const { cost, contextParallel } = cluster;
    this.#cluster = cluster;
    this.#lengths = lengths;
    this.#wholeMs = lengths.map((length) => sequenceMs(cost, length));
    this.#shardMs = lengths.map((length) => shardMs(cost, length, contextParallel));
    this.#localMs = new Float64Array(contextParallel);
    this.#localCounts = new Int32Array(contextParallel);
    this.#tokens = new Float64Array(contextParallel);
    this.placements = new Int16Array(lengths.length).fill(NOWHERE);
  }

  /** Takes all sequences away. */
  clear(): void {
    this.placements.fill(NOWHERE);
    this.#localMs.fill(0);
    this.#localCounts.fill(0);
    this.#tokens.fill(0);
    this.#shardedCount = this.#shardedMs = this.#shardedTokens = 0;
  }

  /** Puts sequence i on a rank, or shards it. */
  move(i: number, place: number): void {
    this.#change(i, this.placements[i]!, -1);
    this.placements[i] = place;
    this.#change(i, place, 1);
  }

  /** Whether no rank holds more than the bucket (Eq. 7). */
  fits(): boolean {
    const most = this.#cluster.bucketSize + 1e-6;
    for (let rank = 0; rank < this.#tokens.length; rank++) if (this.#tokens[rank]! > most) return false;
    return true;
  }

  /** T_DACP (Eq. 1), ms. */
  ms(): number {
    return microBatchMs(this.#cluster.cost, {
      localMs: this.#localMs[this.mostLoaded()]!,
      shardedMs: this.#shardedMs,
      shardedTokens: this.#shardedTokens,
    });
  }

  /** The rank whose local sequences take longest: the critical one. */
  mostLoaded(): number {
    return indexOfMost(this.#localMs, 1);
  }

  /** The rank whose local sequences take least. */
  leastLoaded(): number {
    return indexOfMost(this.#localMs, -1);
  }

  /** The rank that holds fewest tokens. */
  roomiest(): number {
    return indexOfMost(this.#tokens, -1);
  }

  #change(i: number, place: number, sign: 1 | -1): void {
    const length = this.#lengths[i]!;
    if (place >= 0) {
      this.#tokens[place]! += sign * length;
      const count = (this.#localCounts[place]! += sign);
      this.#localMs[place] = count === 0 ? 0 : this.#localMs[place]! + sign * this.#wholeMs[i]!;
    } else if (place === SHARDED) {
      const { contextParallel: ranks, gatheredShare = 0 } = this.#cluster;
      for (let rank = 0; rank < ranks; rank++)
        this.#tokens[rank]! += sign * (shardTokens(length, ranks, rank) + gatheredShare * length);
      this.#shardedCount += sign;
      this.#shardedTokens += sign * length;
      this.#shardedMs = this.#shardedCount === 0 ? 0 : this.#shardedMs + sign * this.#shardMs[i]!;
    }
  }
}

/** The index of the largest value times `sign`; of equal ones the lowest. */
function indexOfMost(values: Float64Array, sign: 1 | -1): number {
  let most = 0;
  for (let i = 1; i < values.length; i++) if (sign * values[i]! > sign * values[most]!) most = i;
  return most;
}
