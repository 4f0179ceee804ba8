import { afterEach, expect, it } from 'vitest';

import { JobServiceDefinition, type JobProgress } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { createJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { WorkerProcess } from '../support/worker-process.js';

const dataDir = makeDataDir();
let server: ServerProcess | undefined;

afterEach(async () => {
  WorkerProcess.killAll();
  await server?.kill();
  removeDataDir(dataDir);
});

it('grows the network of a running job, whose small one plays until the large one has won its match', async () => {
  server = await startServerProcess(dataDir);
  const connection = server.connect();
  const { jobId } = await createJob(connection, {
    size: 3,
    blocks: 1,
    channels: 4,
    growAfter: 120,
    growBlocks: 2,
    growChannels: 8,
    growMethod: 'mango-exact',
    growSteps: 5,
    visits: 4,
    batchSize: 8,
    startPositions: 40,
    sampleFactor: 1,
    candidateSeconds: 0,
    // Whatever comes of the match, it must have been played.
    candidateSteps: 10,
    ratingGames: 4,
    ratingShare: 0.3,
    promotionElo: -1000,
  });
  const worker = new WorkerProcess(server.address, ['--games', '4']);
  const models = connection.client(ModelServiceDefinition);
  const promoted = async (): Promise<string> => (await models.getModel({ model: 'm' })).model!.architectureJson;
  const growth: JobProgress[] = [];
  let playedAtGrowth = 0;
  const jobs = connection.client(JobServiceDefinition);
  for await (const { progress } of jobs.watchJob({ jobId, afterSequence: 0 })) {
    if (progress?.event === 'growth') growth.push(progress);
    if (progress?.event === 'growth' && growth.length === 2) playedAtGrowth = worker.storedGames.length;
    if (progress?.event === 'promotion' && (await promoted()).includes('"channels":8')) break;
  }
  expect(growth.map(({ message }) => message)).toEqual([
    'The network begins to grow',
    'The network has grown from 1 blocks of 4 channels to 2 blocks of 8 channels',
  ]);
  expect(growth[1]!.metrics['grownLoss']).toBeLessThan(growth[1]!.metrics['sourceLoss']! + 0.1);
  // Games came all the while, the match among them.
  expect(worker.storedGames.length).toBeGreaterThanOrEqual(playedAtGrowth + 4);
  expect(worker.stderr).not.toContain('game-refused');
  await jobs.cancelJob({ jobId });
}, 60_000);
