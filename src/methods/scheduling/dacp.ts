/**
 * DACP, distribution-aware context parallelism (Skrull, Alg. 1 and 3): which sequences of one micro-batch stay whole on
 * one rank of the group, and which are sharded over all. Three principles: (i) no sequence is sharded that fits a rank,
 * (ii) local sequences balance the compute, (iii) where memory runs out, local sequences are sharded after all (roll-back).
 */

import { SHARDED, type Cluster, type SchedulingOptions } from './plan.js';
import { RankBudget } from './rank-budget.js';

export interface DacpOptions extends SchedulingOptions {
  /** Whether the rank with the least compute is tried first (Alg. 1), or only the one with most room (Alg. 4). */
  readonly balance?: boolean;
}

const UNPLACED = -2;

/**
 * The placements of a micro-batch, in the order of `sequences`: SHARDED or a rank. Undefined if it does not fit: only if
 * the tokens, with a token of rounding for each sharded sequence on each rank, exceed C·N; without roll-back also else.
 *
 * Alg. 1 goes through the sequences from short to long: `sequences` are to be sorted so. The round-robin scheduler (Alg. 4,
 * `balance: false`) takes them in the order of the data.
 *
 * @param sequences indices into `lengths`
 */
export function dacp(
  sequences: ArrayLike<number>,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: DacpOptions = {},
): Int16Array | undefined {
  const { rollBack = true, balance = true } = options;
  const placements = new Int16Array(sequences.length).fill(UNPLACED);
  const budget = new RankBudget(cluster);
  const lengthAt = (i: number): number => lengths[sequences[i]!]!;

  /** Alg. 3: shards one local sequence of a rank; false if it has none. */
  const shardOneOf = (rank: number): boolean => {
    const i = options.victim === 'largest' ? placements.lastIndexOf(rank) : placements.indexOf(rank);
    if (i < 0) return false;
    budget.shardLocal(lengthAt(i), rank);
    placements[i] = SHARDED;
    return true;
  };
  /** Shards local sequences until every rank has room for a shard of a sequence (principle iii). */
  const makeRoomFor = (length: number): boolean => {
    for (;;) {
      const rank = budget.lackingRoomFor(length);
      if (rank < 0) return true;
      if (!rollBack || !shardOneOf(rank)) return false;
    }
  };

  for (let i = 0; i < placements.length; i++) {
    const length = lengthAt(i);
    let rank = roomFor(budget, length, balance);
    // A roll-back may free a whole rank, so staying local is tried again after each.
    while (rank === SHARDED && budget.lackingRoomFor(length) >= 0) {
      if (!rollBack || !shardOneOf(budget.lackingRoomFor(length)) || !makeRoomFor(0)) return undefined;
      rank = roomFor(budget, length, balance);
    }
    placements[i] = rank;
    if (rank === SHARDED) budget.addSharded(length);
    else budget.addLocal(length, rank);
  }
  return placements;
}

/** The rank that a sequence is local to (principles i and ii), or SHARDED if none has room for it. */
function roomFor(budget: RankBudget, length: number, balance: boolean): number {
  if (balance) {
    const rank = budget.leastLoaded();
    if (budget.room[rank]! >= length) return rank;
  }
  const rank = budget.roomiest();
  return budget.room[rank]! >= length ? rank : SHARDED;
}
