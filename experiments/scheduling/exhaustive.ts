/** The optimum of small cases by trying everything, for the comparison with the planner. */

import { microBatchMs, sequenceMs, shardMs } from '../../src/methods/scheduling/cost-model.js';
import type { Cluster } from '../../src/methods/scheduling/plan.js';

/**
 * The least T_DACP (Eq. 1) of a micro-batch, ms; Infinity if nothing fits. Shards are S/N tokens here, which allows a little
 * more than whole tokens do: the planner can only look worse by it. About (N + 1)^K placements.
 */
export function optimalBatchMs(
  lengths: readonly number[],
  { cost, contextParallel: ranks, bucketSize }: Cluster,
): number {
  const local = lengths.map((length) => sequenceMs(cost, length));
  const shard = lengths.map((length) => shardMs(cost, length, ranks));
  const [tokens, ms] = [new Array<number>(ranks).fill(0), new Array<number>(ranks).fill(0)];
  let best = Infinity;
  const place = (i: number, shardedMs: number, shardedTokens: number): void => {
    const room = bucketSize + 1e-6 - shardedTokens / ranks;
    if (tokens.some((used) => used > room)) return;
    if (i === lengths.length) {
      best = Math.min(best, microBatchMs(cost, { localMs: Math.max(...ms), shardedMs, shardedTokens }));
      return;
    }
    for (let rank = 0; rank < ranks; rank++) {
      const isEmpty = tokens[rank] === 0;
      const before = ms[rank]!;
      tokens[rank]! += lengths[i]!;
      ms[rank]! += local[i]!;
      place(i + 1, shardedMs, shardedTokens);
      tokens[rank]! -= lengths[i]!;
      ms[rank] = before;
      // Empty ranks are alike.
      if (isEmpty) break;
    }
    place(i + 1, shardedMs + shard[i]!, shardedTokens + lengths[i]!);
  };
  place(0, 0, 0);
  return best;
}

/** The least time of a step (Eq. 8) over two groups, ms: every division into micro-batches, every placement. */
export function optimalStepMs(lengths: readonly number[], cluster: Cluster): number {
  const all = (1 << lengths.length) - 1;
  const batch = new Float64Array(all + 1);
  for (let set = 1; set <= all; set++) {
    batch[set] = optimalBatchMs(
      lengths.filter((_, i) => (set >> i) & 1),
      cluster,
    );
  }
  // The best series of micro-batches for each set of sequences: one of them has the set's first sequence.
  const series = new Float64Array(all + 1);
  for (let set = 1; set <= all; set++) {
    const first = set & -set;
    let best = Infinity;
    for (let part = set; part > 0; part = (part - 1) & set) {
      if (part & first) best = Math.min(best, batch[part]! + series[set ^ part]!);
    }
    series[set] = best;
  }
  let best = Infinity;
  for (let set = 0; set <= all; set++) best = Math.min(best, Math.max(series[set]!, series[all ^ set]!));
  return best + cluster.cost.stepMs;
}
