/** Plans one training step by a policy. */

import { fixedSize, inOrder, packed, placeUnsorted, sortedInTurn } from './baselines.js';
import { batchMs } from './batch-state.js';
import { balance, fewestMicroBatches, placeByDacp, shardEverything, type PlacedBatch } from './gds.js';
import type { Cluster, MicroBatch, SchedulingPolicy, SchedulingOptions, StepPlan } from './plan.js';
import { refinedGds } from './refine.js';
import { checkCluster, checkLengths, checkOptions } from './validate.js';

/**
 * Puts every sequence of a global batch into a micro-batch of one data-parallel rank, local or sharded. Pure: equal
 * arguments give equal plans, so every rank may compute it for itself.
 *
 * - `shard-all`: micro-batches of m consecutive sequences, all sharded; plain context parallelism.
 * - `sorted`: the same with the batch sorted by length.
 * - `token-packing`: consecutive sequences up to C·N tokens, all sharded.
 * - `round-robin`: token packing's micro-batches, placed by Alg. 4, which ignores the compute.
 * - `dacp`: token packing's micro-batches, or those of m sequences if `microBatch` is given, placed by Alg. 1.
 * - `gds`: Alg. 2 with everything sharded.
 * - `skrull`: Alg. 2 with Alg. 1.
 * - `skrull-refined`: ours; never slower than `skrull` under the cost model.
 *
 * @param lengths tokens of each sequence, integers of at least 1
 * @throws AppError 'invalid-argument' if an argument is out of its range or a sequence does not fit its group
 */
export function planStep(
  policy: SchedulingPolicy,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: SchedulingOptions = {},
): StepPlan {
  checkCluster(cluster);
  checkOptions(options);
  checkLengths(lengths, cluster);
  const batches = binsOf(policy, lengths, cluster).map((bin) => placeBin(policy, bin, lengths, cluster, options));
  const microBatches = batches.map((bin) => bin.map((batch) => predicted(batch, lengths, cluster)));
  const groups = microBatches.map((bin) => bin.reduce((sum, { predictedMs }) => sum + predictedMs, 0));
  return { microBatches, predictedMs: Math.max(...groups) + cluster.cost.stepMs };
}

/** Which data-parallel rank gets which sequences. */
function binsOf(policy: SchedulingPolicy, lengths: ArrayLike<number>, cluster: Cluster): readonly Int32Array[] {
  switch (policy) {
    case 'shard-all':
    case 'token-packing':
    case 'round-robin':
    case 'dacp':
      return inOrder(lengths.length, cluster);
    case 'sorted':
      return sortedInTurn(lengths, cluster);
    case 'gds':
    case 'skrull':
    case 'skrull-refined':
      return balance(lengths, cluster);
  }
}

function placeBin(
  policy: SchedulingPolicy,
  bin: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: SchedulingOptions,
): readonly PlacedBatch[] {
  const { microBatch, rollBack = true, victim = 'first' } = options;
  const sharded = shardEverything(lengths, cluster);
  switch (policy) {
    case 'shard-all':
    case 'sorted':
      return fixedSize(bin, microBatch ?? 1, sharded);
    case 'token-packing':
      return packed(bin, lengths, cluster, sharded);
    case 'round-robin':
      return packed(bin, lengths, cluster, placeUnsorted(lengths, cluster, { rollBack, victim, balance: false }));
    case 'dacp': {
      const place = placeUnsorted(lengths, cluster, { rollBack, victim, balance: true });
      return microBatch === undefined ? packed(bin, lengths, cluster, place) : fixedSize(bin, microBatch, place);
    }
    case 'gds':
      return fewestMicroBatches(bin, lengths, cluster, sharded);
    case 'skrull':
      return fewestMicroBatches(bin, lengths, cluster, placeByDacp(lengths, cluster, options));
    case 'skrull-refined':
      return refinedGds(bin, lengths, cluster, options);
  }
}

function predicted(batch: PlacedBatch, lengths: ArrayLike<number>, cluster: Cluster): MicroBatch {
  const { sequences, placements } = batch;
  return {
    sequences: Array.from(sequences),
    placements: Array.from(placements),
    predictedMs: batchMs(batch, lengths, cluster),
  };
}
