/** The time of a micro-batch under the cost model, kept up while its sequences move between ranks. */

import { microBatchMs, sequenceMs, shardMs } from './cost-model.js';
import { SHARDED, type Cluster } from './plan.js';
import { shardTokens } from './shards.js';

/** T_DACP (Eq. 1) of a micro-batch, ms. */
export function batchMs(
  { sequences, placements }: { readonly sequences: Int32Array; readonly placements: Int16Array },
  lengths: ArrayLike<number>,
  cluster: Cluster,
): number {
  const own = Float64Array.from(sequences, (sequence) => lengths[sequence]!);
  return new BatchState(own, placements, cluster).ms();
}

/** A micro-batch as the sums that Eq. 2 to 5 and Eq. 7 need, so that a move costs one pass over the ranks. */
export class BatchState {
  readonly #cluster: Cluster;
  readonly #lengths: ArrayLike<number>;
  readonly #localMs: Float64Array;
  /** Tokens that each rank holds, with its shards and what it gathers. */
  readonly #tokens: Float64Array;
  readonly placements: Int16Array;
  #shardedMs = 0;
  #shardedTokens = 0;
  /** Sequences, so that sums of none are exactly 0 after any number of moves. */
  readonly #localCounts: Int32Array;
  #shardedCount = 0;

  /** @param lengths of the sequences of this micro-batch alone */
  constructor(lengths: ArrayLike<number>, placements: ArrayLike<number>, cluster: Cluster) {
    this.#cluster = cluster;
    this.#lengths = lengths;
    this.#localMs = new Float64Array(cluster.contextParallel);
    this.#tokens = new Float64Array(cluster.contextParallel);
    this.#localCounts = new Int32Array(cluster.contextParallel);
    this.placements = Int16Array.from(placements);
    this.placements.forEach((place, i) => this.#change(i, place, 1));
  }

  /** Puts sequence i on another rank, or shards it. */
  move(i: number, place: number): void {
    this.#change(i, this.placements[i]!, -1);
    this.placements[i] = place;
    this.#change(i, place, 1);
  }

  /** Whether no rank holds more than the bucket (Eq. 7). */
  fits(): boolean {
    for (const tokens of this.#tokens) if (tokens > this.#cluster.bucketSize + 1e-6) return false;
    return true;
  }

  /** T_DACP (Eq. 1), ms. */
  ms(): number {
    const localMs = this.#localMs[this.critical()]!;
    return microBatchMs(this.#cluster.cost, {
      localMs,
      shardedMs: this.#shardedMs,
      shardedTokens: this.#shardedTokens,
    });
  }

  /** The rank whose local sequences take longest. */
  critical(): number {
    let worst = 0;
    for (let rank = 1; rank < this.#localMs.length; rank++)
      if (this.#localMs[rank]! > this.#localMs[worst]!) worst = rank;
    return worst;
  }

  #change(i: number, place: number, sign: 1 | -1): void {
    const { cost, contextParallel: ranks, gatheredShare = 0 } = this.#cluster;
    const length = this.#lengths[i]!;
    if (place !== SHARDED) {
      this.#tokens[place]! += sign * length;
      const count = (this.#localCounts[place]! += sign);
      this.#localMs[place] = count === 0 ? 0 : this.#localMs[place]! + sign * sequenceMs(cost, length);
      return;
    }
    for (let rank = 0; rank < ranks; rank++)
      this.#tokens[rank]! += sign * (shardTokens(length, ranks, rank) + gatheredShare * length);
    this.#shardedCount += sign;
    this.#shardedTokens += sign * length;
    this.#shardedMs = this.#shardedCount === 0 ? 0 : this.#shardedMs + sign * shardMs(cost, length, ranks);
  }
}
