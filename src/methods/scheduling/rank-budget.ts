/** What the ranks of a group can still hold, and how much they have to compute, while a micro-batch is put together. */

import { sequenceMs, shardMs } from './cost-model.js';
import type { Cluster } from './plan.js';
import { shardTokens } from './shards.js';

/**
 * RB and L of the paper's Alg. 1. Memory is charged with the integer sizes of the shards, so Eq. 7 holds for the tokens
 * that ranks hold in the end: Σ local tokens + Σ shard tokens + γ · Σ sharded tokens ≤ C on every rank.
 */
export class RankBudget {
  readonly #cluster: Cluster;
  /** RB: tokens that each rank has room for; negative while it is over its budget. */
  readonly room: Float64Array;
  /** L: compute of each rank so far, ms. */
  readonly load: Float64Array;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.room = new Float64Array(cluster.contextParallel).fill(cluster.bucketSize);
    this.load = new Float64Array(cluster.contextParallel);
  }

  /** UpdateLocal of Alg. 1. */
  addLocal(length: number, rank: number): void {
    this.room[rank]! -= length;
    this.load[rank]! += sequenceMs(this.#cluster.cost, length);
  }

  /** UpdateAll of Alg. 1. */
  addSharded(length: number): void {
    const { contextParallel, cost, gatheredShare = 0 } = this.#cluster;
    const ms = shardMs(cost, length, contextParallel);
    for (let rank = 0; rank < contextParallel; rank++) {
      this.room[rank]! -= shardTokens(length, contextParallel, rank) + gatheredShare * length;
      this.load[rank]! += ms;
    }
  }

  /**
   * A local sequence becomes a sharded one. The printed Alg. 3 takes its tokens off the remaining room once more and
   * forgets that the other ranks now hold a shard of it; both are put right here.
   */
  shardLocal(length: number, rank: number): void {
    this.room[rank]! += length;
    this.load[rank]! -= sequenceMs(this.#cluster.cost, length);
    this.addSharded(length);
  }

  /** The rank with the least compute; ties go to the lowest. */
  leastLoaded(): number {
    return argmin(this.load);
  }

  /** The rank with the most room; ties go to the lowest. */
  roomiest(): number {
    const { room } = this;
    let best = 0;
    for (let rank = 1; rank < room.length; rank++) if (room[rank]! > room[best]!) best = rank;
    return best;
  }

  /** The rank that lacks most room for its shard of a sequence, of length 0 for what it holds by now; -1 if none lacks any. */
  lackingRoomFor(length: number): number {
    const { contextParallel, gatheredShare = 0 } = this.#cluster;
    let [worst, least] = [-1, -1e-6];
    for (let rank = 0; rank < contextParallel; rank++) {
      const left = this.room[rank]! - shardTokens(length, contextParallel, rank) - gatheredShare * length;
      if (left < least) [worst, least] = [rank, left];
    }
    return worst;
  }
}

function argmin(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[best]!) best = i;
  return best;
}
