/** Counts what is wrong with a plan, from the plan alone: nothing that made it is asked. */

import { SHARDED, type Cluster, type StepPlan } from '../../src/methods/scheduling/plan.js';
import { zigZagShards } from '../../src/methods/scheduling/shards.js';

/**
 * The constraints of the paper that a plan breaks: Eq. 6 (every sequence local to one rank of its group, or sharded), Eq. 7 (no
 * rank holds more than C, counted from the shards themselves), Eq. 9 (every sequence once), Eq. 10 (no micro-batch above C·N).
 * An empty micro-batch is one as well. Empty for a valid plan.
 */
export function violationsOf(plan: StepPlan, lengths: ArrayLike<number>, cluster: Cluster): string[] {
  const { dataParallel, contextParallel: ranks, bucketSize, gatheredShare = 0 } = cluster;
  const found: string[] = [];
  const times = new Array<number>(lengths.length).fill(0);
  if (plan.microBatches.length !== dataParallel) found.push('one list of micro-batches for each group');
  for (const { sequences, placements } of plan.microBatches.flat()) {
    const tokens = new Array<number>(ranks).fill(0);
    let total = 0;
    if (sequences.length === 0 || sequences.length !== placements.length) found.push('a placement for each sequence');
    sequences.forEach((sequence, i) => {
      const [length, place] = [lengths[sequence]!, placements[i]!];
      times[sequence]!++;
      total += length;
      if (!Number.isInteger(place) || place < SHARDED || place >= ranks) found.push('Eq. 6');
      for (let rank = 0; rank < ranks; rank++) {
        if (place === rank) tokens[rank]! += length;
        if (place !== SHARDED) continue;
        tokens[rank]! += gatheredShare * length;
        for (const { start, end } of zigZagShards(length, ranks, rank)) tokens[rank]! += end - start;
      }
    });
    if (Math.max(...tokens) > bucketSize + 1e-3) found.push('Eq. 7');
    if (total > bucketSize * ranks) found.push('Eq. 10');
  }
  if (times.some((count) => count !== 1)) found.push('Eq. 9');
  return found;
}
