/** JobService: the runner's jobs as messages. */

import type { CallContext } from 'nice-grpc';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import {
  JobServiceDefinition,
  JobState,
  type Job,
  type JobProgress,
  type JobServiceImplementation,
} from '../../proto/tengen/v1/job.js';
import type { JobRow, JobState as StoredState, ProgressRow } from '../../store/store.js';
import { sequenceFromWire } from '../../wire/whole-numbers.js';
import type { Names } from '../access/names.js';
import type { JobRunner } from '../jobs.js';
import type { Parts } from '../parts.js';
import { service, type Service } from '../transport/service.js';

/** Most characters of a job's settings. */
const MAX_SETTINGS = 65_536;

const stateToWire: Readonly<Record<StoredState, JobState>> = {
  running: JobState.RUNNING,
  done: JobState.DONE,
  cancelled: JobState.CANCELLED,
  failed: JobState.FAILED,
};

export function composeJobs({ names }: Parts, jobs: JobRunner): Service {
  return service(JobServiceDefinition, makeJobService(jobs, names));
}

function makeJobService(jobs: JobRunner, names: Names): JobServiceImplementation {
  /** A job is stopped and continued by whoever created it, and by admins. */
  const checkOwn = async (jobId: string, context: CallContext): Promise<void> => {
    const owner = names.ownerOf(context);
    const { createdBy } = await jobs.get(jobId);
    if (owner === '' || owner === createdBy) return;
    throw new AppError(
      'permission-denied',
      `The job '${jobId}' was created by ${createdBy === '' ? 'an admin' : `the token '${createdBy}'`}; the token ` +
        `'${owner}' of level train may stop and continue only jobs of its own`,
    );
  };
  return {
    async createJob({ kind, model, configJson }, context) {
      const settings = readSettings(configJson);
      return { job: jobToWire(await jobs.create(kind, model, settings, names.ownerOf(context))) };
    },
    async getJob({ jobId }) {
      return { job: jobToWire(await jobs.get(jobId)) };
    },
    async listJobs() {
      return { jobs: (await jobs.list()).map(jobToWire) };
    },
    async *watchJob({ jobId, afterSequence }, { signal }: CallContext) {
      for await (const { progress, state } of jobs.watch(jobId, sequenceFromWire(afterSequence), signal)) {
        yield { progress: progress && progressToWire(progress), state: stateToWire[state] };
      }
    },
    async cancelJob({ jobId }, context) {
      await checkOwn(jobId, context);
      return { job: jobToWire(await jobs.cancel(jobId)) };
    },
    async resumeJob({ jobId }, context) {
      await checkOwn(jobId, context);
      return { job: jobToWire(await jobs.resume(jobId)) };
    },
  };
}

function jobToWire({ state, metrics, ...row }: JobRow): Job {
  return { ...row, state: stateToWire[state], metrics: { ...metrics } };
}

function progressToWire({ metrics, times = [], ...row }: ProgressRow): JobProgress {
  return { ...row, metrics: { ...metrics }, times: [...times] };
}

function readSettings(json: string): Record<string, unknown> {
  check(json.length <= MAX_SETTINGS, () => {
    return `config_json has ${json.length} characters; at most ${MAX_SETTINGS} are allowed`;
  });
  if (json.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new AppError('invalid-argument', `config_json is no JSON: ${quoted(json)}`, { cause: error });
  }
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'config_json must be one JSON object');
  return value as Record<string, unknown>;
}
