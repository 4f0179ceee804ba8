/** Jobs that are created, cancelled, resumed and grown; and what of the models they make can be read. */

import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { type Job, JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import type { Life } from './repeat.js';

const tiny = { size: 5, blocks: 1, channels: 4, visits: 2, minutes: 0, ratingGames: 0, maxMoves: 12 };
/** Trains little and makes many versions and checkpoints, on a window that is read in no time at a start. */
const training = {
  ...tiny,
  startPositions: 100,
  batchSize: 8,
  sampleFactor: 0.05,
  candidateSeconds: 0,
  candidateSteps: 5,
  windowMin: 1000,
  windowExponent: 0,
  windowScale: 0.01,
  schedule: 'constant',
};
/** Model of the job that trains. */
export const PLAYED = 'play';

const states: Readonly<Partial<Record<JobState, string>>> = {
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.CANCELLED]: 'cancelled',
  [JobState.FAILED]: 'failed',
};

export class JobLoad {
  #growing: string | undefined;

  /** Makes the job that trains, if it is not there, and lets it go on if too many kills have failed it. */
  async keepTraining(life: Life): Promise<void> {
    const job = (await findJob(life, PLAYED)) ?? (await create(life, 'alphazero', PLAYED, training));
    if (job.state === JobState.FAILED) await resume(life, job);
    const { models } = await life.connection.client(ModelServiceDefinition).listModels({ name: PLAYED });
    for (const { name, version, sha256 } of models) ackOnce(life, `model ${refOf({ name, version })}`, sha256);
  }

  /** Cancels a job, or resumes it. */
  async toggle(life: Life): Promise<void> {
    const settings = { ...tiny, startPositions: 1_000_000, windowMin: 1000, windowExponent: 0, windowScale: 0.01 };
    const job = (await findJob(life, 'toggle')) ?? (await create(life, 'alphazero', 'toggle', settings));
    if (job.state !== JobState.RUNNING) return resume(life, job);
    life.ledger.asked(`state ${job.jobId}`, 'cancelled');
    const { job: cancelled } = await life.connection.client(JobServiceDefinition).cancelJob({ jobId: job.jobId });
    ackState(life, cancelled);
  }

  /** Grows a network, one after the other. */
  async grow(life: Life): Promise<void> {
    const jobs = life.connection.client(JobServiceDefinition);
    const from = await findJob(life, PLAYED);
    // There must be games to measure the loss on.
    if (!from || (from.metrics['step'] ?? 0) < 10) return;
    if (this.#growing === undefined) {
      const settings = {
        source: PLAYED,
        games: from.jobId,
        method: 'net2net',
        channels: 8,
        maxLossIncrease: 1000,
        evaluationBatches: 1,
      };
      this.#growing = (await create(life, 'grow', `grown-${life.rng.int(2 ** 31)}`, settings)).jobId;
    }
    const { job } = await jobs.getJob({ jobId: this.#growing });
    if (!job || job.state === JobState.RUNNING) return;
    ackState(life, job);
    if (job.state === JobState.FAILED) return resume(life, job);
    this.#growing = undefined;
    const { model } = await life.connection.client(ModelServiceDefinition).getModel({ model: job.model });
    if (model) life.ledger.acked(`model ${refOf(model)}`, model.sha256);
  }
}

function ackOnce({ ledger }: Life, key: string, value: string): void {
  if (!ledger.has(key)) ledger.acked(key, value);
}

async function findJob({ connection }: Life, model: string): Promise<Job | undefined> {
  const { jobs } = await connection.client(JobServiceDefinition).listJobs({});
  return jobs.find((job) => job.model === model);
}

async function create(life: Life, kind: string, model: string, settings: object): Promise<Job> {
  const configJson = JSON.stringify(settings);
  const { job } = await life.connection.client(JobServiceDefinition).createJob({ kind, model, configJson });
  if (!job) throw new AppError('internal', 'The server sent no job');
  life.ledger.acked(`job ${job.jobId}`, kind);
  ackState(life, job);
  return job;
}

async function resume(life: Life, { jobId, error }: Job): Promise<void> {
  // A job that ran at three kills in a row and did not get on has failed; others must not fail.
  if (error !== '' && !/did not end properly/.test(error)) process.stderr.write(`${jobId} failed: ${error}\n`);
  askToRun(life, jobId);
  ackState(life, (await life.connection.client(JobServiceDefinition).resumeJob({ jobId })).job);
}

/** Where a job stands. */
function ackState(life: Life, job: Job | undefined): void {
  if (!job) return;
  life.ledger.acked(`state ${job.jobId}`, states[job.state]);
  if (job.state === JobState.RUNNING) askToRun(life, job.jobId);
}

/** A job that runs, or was asked to when the server was killed, may have ended by itself, or failed of too many kills. */
function askToRun({ ledger }: Life, jobId: string): void {
  for (const state of ['running', 'done', 'failed']) ledger.asked(`state ${jobId}`, state);
}
