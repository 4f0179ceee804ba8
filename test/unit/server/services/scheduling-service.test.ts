import { createServer, type Client } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../../../clients/shared/connection.js';
import { planStep } from '../../../../src/methods/scheduling/plan-step.js';
import { schedulingPolicies } from '../../../../src/methods/scheduling/plan.js';
import {
  RollBackVictim,
  SchedulingPolicy,
  SchedulingServiceDefinition,
  TimeSampleKind,
  type PlanStepRequest,
} from '../../../../src/proto/tengen/v1/scheduling.js';
import { translateErrors } from '../../../../src/server/transport/middleware.js';
import { schedulingService } from '../../../../src/server/services/method-services.js';
import { ThreadPool } from '../../../../src/threads/pool.js';
import { clusterOf, gpuCost } from '../../../support/clusters.js';
import { expectStatus } from '../../../support/server-calls.js';

const server = createServer().use(translateErrors(pino({ level: 'silent' })));
const pool = new ThreadPool({ name: 'work', threads: 1, waiting: 8 });
let connection: Connection;
let client: Client<SchedulingServiceDefinition>;

beforeAll(async () => {
  const { definition, implementation } = schedulingService(pool);
  server.add(definition, implementation);
  const port = await server.listen('127.0.0.1:0');
  connection = new Connection({ address: `127.0.0.1:${String(port)}` });
  client = connection.client(SchedulingServiceDefinition);
});
afterAll(async () => {
  connection.close();
  server.forceShutdown();
  await pool.close();
});

const lengths = [9365, 120, 15_707, 67, 15_583, 91, 16_596, 14_453, 2033, 10_506, 23_003, 1108];
const cluster = { ...clusterOf({ dataParallel: 2, bucketSize: 13_312 }), gatheredShare: 0 };

/** A pattern for a sentence as it stands. */
function says(sentence: string): RegExp {
  return new RegExp(sentence.replaceAll(/[()[\]]/g, '\\$&'));
}

function request(changes: Partial<PlanStepRequest> = {}): PlanStepRequest {
  const policy = SchedulingPolicy.SKRULL;
  return { lengths, cluster, policy, microBatch: 0, noRollBack: false, victim: RollBackVictim.UNSPECIFIED, ...changes };
}

describe('PlanStep', () => {
  it.each(schedulingPolicies)('answers with the plan of %s', async (policy) => {
    const { groups } = await client.planStep(
      request({ policy: (schedulingPolicies.indexOf(policy) + 1) as SchedulingPolicy, victim: RollBackVictim.LARGEST }),
    );
    const { microBatches } = planStep(policy, lengths, cluster, { victim: 'largest' });
    expect(
      groups.map((group) => group.microBatches.map(({ sequences, placements }) => [sequences, placements])),
    ).toEqual(microBatches.map((group) => group.map(({ sequences, placements }) => [sequences, placements])));
  });

  it('sums up what the ranks hold and how long the step takes', async () => {
    const cost = { ...gpuCost, stepMs: 100 };
    const { groups, summary } = await client.planStep(request({ cluster: { ...cluster, cost } }));
    const batches = groups.flatMap(({ microBatches }) => microBatches);
    for (const { sequences, rankTokens } of batches) {
      expect(rankTokens).toHaveLength(4);
      expect(rankTokens.reduce((a, b) => a + b)).toBe(sequences.reduce((sum, at) => sum + lengths[at]!, 0));
    }
    const times = groups.map(({ predictedMs }) => predictedMs);
    const sharded = batches.flatMap(({ sequences, placements }) => sequences.filter((_, i) => placements[i] === -1));
    expect(summary).toEqual({
      predictedMs: planStep('skrull', lengths, { ...cluster, cost }).predictedMs,
      microBatches: Math.max(...groups.map(({ microBatches }) => microBatches.length)),
      shardedSequences: sharded.length,
      shardedTokens: sharded.reduce((sum, at) => sum + lengths[at]!, 0),
      tokens: lengths.reduce((a, b) => a + b),
      mostRankTokens: Math.max(...batches.flatMap(({ rankTokens }) => rankTokens)),
      imbalance: Math.max(...times) / ((times[0]! + times[1]!) / 2),
    });
    expect(sharded.length).toBeGreaterThan(0);
  });

  it('plans by the refined policy if none is given, and by micro-batches of the size asked for', async () => {
    const refined = await client.planStep(request({ policy: SchedulingPolicy.UNSPECIFIED }));
    expect(refined.summary!.predictedMs).toBe(planStep('skrull-refined', lengths, cluster).predictedMs);
    const fixed = await client.planStep(request({ policy: SchedulingPolicy.SHARD_ALL, microBatch: 3 }));
    expect(fixed.groups[0]!.microBatches[0]!.sequences).toEqual([0, 1, 2]);
  });

  it.each([
    ['cluster is missing', { cluster: undefined }],
    ['cluster.cost is missing', { cluster: { ...cluster, cost: undefined } }],
    ['data_parallel is 0; it must be from 1 to 1024', { cluster: { ...cluster, dataParallel: 0 } }],
    ['context_parallel is 2000', { cluster: { ...cluster, contextParallel: 2000 } }],
    ['bucketSize is 0', { cluster: { ...cluster, bucketSize: 0 } }],
    ['cost.linearMs is NaN', { cluster: { ...cluster, cost: { ...gpuCost, linearMs: NaN } } }],
    ['The number of lengths is 0', { lengths: [] }],
    ['The number of lengths is 16385', { lengths: new Array<number>(16_385).fill(1) }],
    [
      'times context_parallel is 6144000',
      { lengths: new Array<number>(6000).fill(1), cluster: { ...cluster, contextParallel: 1024 } },
    ],
    ['lengths[1] is 100000 tokens', { lengths: [5, 100_000] }],
    ['policy is 9; it must be 1 (shard-all), 2 (sorted)', { policy: 9 as SchedulingPolicy }],
    ['gatheredShare is 1.1; it must be a number from 0 to 1', { cluster: { ...cluster, gatheredShare: 1.1 } }],
    [
      'cost.linearMs is 1e\\+308; it must be a number from 0 to 1000000000000000',
      { cluster: { ...cluster, cost: { ...gpuCost, linearMs: 1e308 } } },
    ],
    ['victim is 3', { victim: 3 as RollBackVictim }],
  ])('refuses a request where %s', async (sentence, changes) => {
    await expectStatus(client.planStep(request(changes)), Status.INVALID_ARGUMENT, says(sentence));
  });
});

describe('FitCost', () => {
  it('fits the constants that a plan needs', async () => {
    const samples = [64, 256, 1024, 4096].flatMap((length) => [
      { kind: TimeSampleKind.LOCAL, lengths: [length], ms: 1 + 0.01 * length + 1e-5 * length ** 2 },
      { kind: TimeSampleKind.EXCHANGE, lengths: [length], ms: 0.5 + 0.001 * length },
    ]);
    const { cost, meanError } = await client.fitCost({ samples, contextParallel: 2, stepMs: 3 });
    expect(meanError).toBeLessThan(1e-6);
    expect(cost!.attentionMs).toBeCloseTo(1e-5, 9);
    expect(cost!.exchangeMsPerToken).toBeCloseTo(0.001, 9);
    expect(cost!.stepMs).toBe(3);
    expect((await client.planStep(request({ cluster: { ...cluster, cost } }))).groups).toHaveLength(2);
  });

  it('refuses samples that are none', async () => {
    const fit = (kind: TimeSampleKind, sampleLengths: number[]): Promise<unknown> =>
      client.fitCost({ samples: [{ kind, lengths: sampleLengths, ms: 1 }], contextParallel: 2, stepMs: 0 });
    await expectStatus(fit(TimeSampleKind.UNSPECIFIED, [5]), Status.INVALID_ARGUMENT, says('samples[0].kind is 0'));
    await expectStatus(fit(TimeSampleKind.LOCAL, [0]), Status.INVALID_ARGUMENT, says('samples[0] has no lengths'));
    await expectStatus(fit(TimeSampleKind.EXCHANGE, [5]), Status.INVALID_ARGUMENT, says('There is no local sample'));
  });
});
