/** What the server has before the load: two models under fixed versions, and a job that trains. */

import { createHash } from 'node:crypto';
import type { Connection } from '../../clients/shared/connection.js';
import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { goFile, languageFile, SIZE } from '../fuzz/valid-files.js';
import type { FixedModels } from './questions.js';

/** Trains on little, and makes a version every few seconds. */
const job = {
  size: SIZE,
  blocks: 1,
  channels: 8,
  visits: 4,
  minutes: 0,
  ratingGames: 0,
  schedule: 'constant',
  startPositions: 100,
  batchSize: 16,
  sampleFactor: 1,
  candidateSeconds: 5,
  windowMin: 1000,
  windowExponent: 0,
  windowScale: 0.01,
};

/** Uploads a Go network and a language model. */
export async function uploadModels(
  connection: Connection,
): Promise<{ readonly models: FixedModels; readonly goSha256: string }> {
  const file = goFile();
  const models = {
    go: await upload(connection, 'go', file),
    language: await upload(connection, 'text', languageFile()),
  };
  return { models, goSha256: sha256Of(file) };
}

/** Creates the job. @returns its id, once it has trained on the games of its workers */
export async function startJob(connection: Connection): Promise<string> {
  const jobs = connection.client(JobServiceDefinition);
  const created = await jobs.createJob({ kind: 'alphazero', model: 'trained', configJson: JSON.stringify(job) });
  const jobId = created.job!.jobId;
  for await (const { progress } of jobs.watchJob({ jobId, afterSequence: 0 })) {
    if (progress?.event === 'train') return jobId;
  }
  throw new AppError('internal', 'The job ended before it had trained');
}

/** Resolves when the job has made more steps than these. */
export async function trainsBeyond(connection: Connection, jobId: string, steps: number): Promise<void> {
  for await (const { progress } of connection.client(JobServiceDefinition).watchJob({ jobId, afterSequence: 0 })) {
    if ((progress?.metrics['step'] ?? 0) > steps) return;
  }
  throw new AppError('internal', `The job ended before it had made more than ${steps} steps`);
}

/** How far the job has come. @throws AppError if it does not run */
export async function currentJob(
  connection: Connection,
  jobId: string,
): Promise<{ readonly games: number; readonly steps: number }> {
  const { job: current } = await connection.client(JobServiceDefinition).getJob({ jobId });
  if (current?.state === JobState.RUNNING) {
    return { games: current.metrics['games'] ?? 0, steps: current.metrics['step'] ?? 0 };
  }
  throw new AppError('internal', `The job is in state ${current?.state ?? 0}: ${current?.error ?? ''}`);
}

/** @returns name@version */
async function upload(connection: Connection, name: string, chunk: Uint8Array): Promise<string> {
  const messages = async function* () {
    yield await Promise.resolve({ name, sha256: sha256Of(chunk), sizeBytes: chunk.length, chunk });
  };
  const { model } = await connection.client(ModelServiceDefinition).uploadModel(messages());
  return refOf(model!);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
