/** Clusters, plans and time samples of the scheduling method ↔ messages. */

import { check } from '../core/errors.js';
import { sum } from '../core/statistics.js';
import type { CostModel } from '../methods/scheduling/cost-model.js';
import type { TimeSample } from '../methods/scheduling/fit.js';
import {
  schedulingPolicies,
  SHARDED,
  victims,
  type Cluster,
  type MicroBatch,
  type SchedulingPolicy,
  type SchedulingOptions,
  type StepPlan,
} from '../methods/scheduling/plan.js';
import { shardTokens } from '../methods/scheduling/shards.js';
import type * as pb from '../proto/tengen/v1/scheduling.js';
import { wordOf } from './enums.js';

/** Largest requests that are accepted; planning takes the longer the more of these, and nobody else is served meanwhile. */
const MOST_SEQUENCES = 16_384;
const MOST_RANKS = 1024;
const MOST_SEQUENCES_TIMES_RANKS = 1_048_576;
const MOST_SAMPLES = 10_000;
const MOST_SAMPLE_LENGTHS = 1_000_000;

/** A request as the planner takes it. */
export interface PlanRequest {
  readonly policy: SchedulingPolicy;
  readonly lengths: readonly number[];
  readonly cluster: Cluster;
  readonly options: SchedulingOptions;
}

/** Checks the bounds of the service; the planner checks the rest. @throws AppError 'invalid-argument' naming the field */
export function planRequestFromWire(request: pb.PlanStepRequest): PlanRequest {
  const { lengths, microBatch, noRollBack } = request;
  const cluster = clusterFromWire(request.cluster);
  within('The number of lengths', lengths.length, MOST_SEQUENCES);
  within(
    'The number of lengths times context_parallel',
    lengths.length * cluster.contextParallel,
    MOST_SEQUENCES_TIMES_RANKS,
  );
  const policy = wordOf('policy', request.policy, ['skrull-refined', ...schedulingPolicies]);
  const victim = wordOf('victim', request.victim, [victims[0], ...victims]);
  const options = { ...(microBatch > 0 && { microBatch }), rollBack: !noRollBack, victim };
  return { policy, lengths, cluster, options };
}

function clusterFromWire(message: pb.SchedulingCluster | undefined): Cluster {
  check(message?.cost !== undefined, message ? 'cluster.cost is missing' : 'cluster is missing');
  const { dataParallel, contextParallel, bucketSize, gatheredShare, cost } = message;
  within('data_parallel', dataParallel, MOST_RANKS);
  within('context_parallel', contextParallel, MOST_RANKS);
  return { dataParallel, contextParallel, bucketSize, gatheredShare, cost };
}

/** A plan as a message, with what each rank holds and a summary. */
export function planToWire(plan: StepPlan, lengths: readonly number[], cluster: Cluster): pb.PlanStepResponse {
  const groups = plan.microBatches.map((microBatches) => ({
    microBatches: microBatches.map((batch) => microBatchToWire(batch, lengths, cluster)),
    predictedMs: microBatches.reduce((sum, { predictedMs }) => sum + predictedMs, 0),
  }));
  return { groups, summary: summaryOf(groups, plan.predictedMs, lengths) };
}

function microBatchToWire(
  { sequences, placements, predictedMs }: MicroBatch,
  lengths: readonly number[],
  { contextParallel: ranks }: Cluster,
): pb.ScheduledMicroBatch {
  const rankTokens = new Array<number>(ranks).fill(0);
  sequences.forEach((sequence, i) => {
    const [length, place] = [lengths[sequence]!, placements[i]!];
    if (place !== SHARDED) rankTokens[place]! += length;
    else for (let rank = 0; rank < ranks; rank++) rankTokens[rank]! += shardTokens(length, ranks, rank);
  });
  return { sequences: [...sequences], placements: [...placements], predictedMs, rankTokens };
}

function summaryOf(
  groups: readonly pb.ScheduledGroup[],
  predictedMs: number,
  lengths: readonly number[],
): pb.PlanSummary {
  const batches = groups.flatMap(({ microBatches }) => microBatches);
  const sharded = batches.flatMap(({ sequences, placements }) => sequences.filter((_, i) => placements[i] === SHARDED));
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const times = groups.map((group) => group.predictedMs);
  return {
    predictedMs,
    microBatches: most(groups.map(({ microBatches }) => microBatches.length)),
    shardedSequences: sharded.length,
    shardedTokens: sum(sharded.map((sequence) => lengths[sequence]!)),
    tokens: sum(lengths),
    mostRankTokens: most(batches.map(({ rankTokens }) => most(rankTokens))),
    // Times so short that they round to 0 are as long as each other.
    imbalance: sum(times) > 0 ? (most(times) * groups.length) / sum(times) : 1,
  };
}

/** Samples of groups of `contextParallel` ranks. @throws AppError 'invalid-argument' saying what is wrong */
export function samplesFromWire(messages: readonly pb.TimeSample[], contextParallel: number): readonly TimeSample[] {
  within('context_parallel', contextParallel, MOST_RANKS);
  within('The number of samples', messages.length, MOST_SAMPLES);
  within(
    'The number of lengths in all samples',
    messages.reduce((sum, { lengths }) => sum + lengths.length, 0),
    MOST_SAMPLE_LENGTHS,
  );
  const kinds = [undefined, 'local', 'sharded', 'exchange'] as const;
  return messages.map(({ kind, lengths, ms }, i) => {
    const word = wordOf(`samples[${i}].kind`, kind, kinds);
    check(
      lengths.length > 0 && lengths.every((length) => length >= 1),
      () => `samples[${i}] has no lengths, or one of 0 tokens`,
    );
    return { kind: word, lengths, ms };
  });
}

/** Constants as a message. */
export function costToWire(cost: CostModel): pb.SchedulingCost {
  return { ...cost };
}

/** @throws AppError 'invalid-argument' unless 1 ≤ value ≤ most */
function within(name: string, value: number, most: number): void {
  check(value >= 1 && value <= most, () => `${name} is ${value}; it must be from 1 to ${most}`);
}
