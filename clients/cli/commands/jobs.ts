/** `tengen jobs …`: create, list, watch, cancel and resume training jobs. */

import { AppError, check } from '../../../src/core/errors.js';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../../src/proto/tengen/v1/job.js';
import { Connection } from '../../shared/connection.js';
import { followJob } from '../follow-job.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { rankTimesTable } from '../terminal/rank-times.js';
import { samplesTable } from '../terminal/samples.js';
import { formatTable } from '../../shared/table.js';

const stateNames: Record<number, string> = {
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.CANCELLED]: 'cancelled',
  [JobState.FAILED]: 'failed',
};

/** The word for a job's state. */
export function stateName(state: JobState): string {
  return stateNames[state] ?? 'unknown';
}

/** A metric for a table: whole numbers whole, small ones with two digits that say something, others with three decimals. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined) return '';
  if (Number.isInteger(value)) return value.toLocaleString('en');
  if (Math.abs(value) < 0.01) return value.toPrecision(2);
  return value.toFixed(Math.abs(value) < 10 ? 3 : 1);
}

function print(jobs: readonly Job[], json: boolean): void {
  if (json) {
    for (const job of jobs) process.stdout.write(`${JSON.stringify({ ...job, state: stateName(job.state) })}\n`);
    return;
  }
  const rows = jobs.map((job) => {
    const figures = ['games', 'positions', 'step', 'loss', 'rating'].map((name) => formatMetric(job.metrics[name]));
    return [job.jobId, job.kind, job.model, stateName(job.state), ...figures, job.error];
  });
  process.stdout.write(
    `${formatTable(['JOB', 'KIND', 'MODEL', 'STATE', 'GAMES', 'POSITIONS', 'STEP', 'LOSS', 'ELO', ''], rows)}\n`,
  );
}

function one(job: Job | undefined): Job {
  if (!job) throw new AppError('internal', 'The server sent no job');
  return job;
}

/** `--set key=value` pairs as a JSON object; the server checks keys and values. */
export function settingsFrom(pairs: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    check(at > 0, `--set ${pair} has no '='; write --set NAME=VALUE`);
    settings[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return settings;
}

const create = command({
  name: 'jobs create',
  usage: 'KIND MODEL [--set NAME=VALUE …]',
  summary: 'start a training job; KIND is alphazero, sft, rft or grow',
  details: `  tengen jobs create alphazero go9 --set size=9 --set blocks=6 --set channels=64
  tengen jobs create sft helper --set dataset=chats --set layers=4 --set hidden=256 --watch
  tengen jobs create rft helper --set dataset=sums --set verifier=numeric --watch`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    set: {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      doc: 'a setting of the job (docs/config.md lists them); may be repeated',
    },
    watch: { type: 'boolean', default: false, doc: 'print the progress of the job until it ends' },
  },
  async run({ flags, args, signal }) {
    const [kind, model] = args;
    check(kind !== undefined && model !== undefined && args.length === 2, 'jobs create takes KIND MODEL');
    const client = new Connection(flags).client(JobServiceDefinition);
    const { job } = await client.createJob(
      { kind, model, configJson: JSON.stringify(settingsFrom(flags.set)) },
      { signal },
    );
    print([one(job)], flags.json);
    return flags.watch ? watchJob(new Connection(flags), one(job).jobId, flags.json, signal) : 0;
  },
});

const list = command({
  name: 'jobs list',
  usage: '',
  summary: 'list all jobs, newest first',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, signal }) {
    const { jobs } = await new Connection(flags).client(JobServiceDefinition).listJobs({}, { signal });
    print(jobs, flags.json);
    return 0;
  },
});

const get = command({
  name: 'jobs get',
  usage: 'JOB',
  summary: 'print one job with all its settings and latest metrics',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'jobs get takes JOB');
    const response = await new Connection(flags)
      .client(JobServiceDefinition)
      .getJob({ jobId: args[0] ?? '' }, { signal });
    const job = one(response.job);
    print([job], flags.json);
    if (flags.json) return 0;
    const settings = JSON.parse(job.configJson) as Record<string, unknown>;
    const rows = (values: object): string[][] =>
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'number' ? formatMetric(value) : String(value),
      ]);
    process.stdout.write(
      `\n${formatTable(['FIGURE', 'VALUE'], rows(job.metrics))}\n\n${formatTable(['SETTING', 'VALUE'], rows(settings))}\n`,
    );
    return 0;
  },
});

/** Metrics in the order in which a line of progress has them: of self-play, game trees, fine-tuning, reinforcement. */
const shownMetrics = [
  ...['games', 'positions', 'step', 'loss', 'policyLoss', 'valueLoss', 'rating', 'positionsPerSecond'],
  ...['meanLcr', 'eligibleShare', 'variationsPerTree', 'backUp'],
  ...['evaluationLoss', 'learningRate', 'microSteps', 'shardedShare', 'tokensPerSecond', 'stepMs'],
  ...['rewardMean', 'rewardStd', 'accuracy', 'zeroVarianceShare', 'kl', 'entropy', 'clipShare', 'gradientNorm'],
  ...['completionTokensMean', 'truncatedShare', 'failures', 'generateMs', 'rewardMs', 'trainMs'],
  ...['greedyAccuracy', 'sampledAccuracy', 'anyCorrect', 'prompts', 'evaluationPrompts', 'scoringMs'],
  ...['sourceLoss', 'initialLoss', 'grownLoss', 'bestStep', 'operatorCostSteps', 'parameters', 'estimatedSaving'],
  ...['samples', 'evaluationSamples', 'malformedLines', 'skippedLines'],
];

/** One line for a person. */
export function progressLine(progress: JobProgress): string {
  const time = new Date(progress.timeMs).toISOString().slice(11, 19);
  const figures = shownMetrics
    .filter((name) => progress.metrics[name] !== undefined)
    .map((name) => `${name} ${formatMetric(progress.metrics[name])}`);
  return [time, progress.event.padEnd(9), ...figures, progress.message].join('  ').trimEnd();
}

/** The line, and under it where the time of the step went if the job says so. */
function progressText(progress: JobProgress): string {
  if (progress.event === 'samples') {
    const table = samplesTable(progress.message);
    return `${progressLine({ ...progress, message: '' })}\n${table}`;
  }
  const line = progressLine(progress);
  if (progress.times.length === 0) return line;
  const indent = (text: string): string => text.replace(/^/gm, '    ');
  return `${line}\n${indent(rankTimesTable(progress.times, process.stdout.columns))}`;
}

async function watchJob(connection: Connection, jobId: string, json: boolean, signal: AbortSignal): Promise<number> {
  let state: JobState = JobState.UNSPECIFIED;
  for await (const message of followJob(connection, jobId, signal)) {
    state = message.state;
    const { progress } = message;
    if (!progress) continue;
    if (json) process.stdout.write(`${JSON.stringify({ ...progress, state: stateName(state) })}\n`);
    else process.stdout.write(`${progressText(progress)}\n`);
  }
  return state === JobState.FAILED ? 1 : 0;
}

const watch = command({
  name: 'jobs watch',
  usage: 'JOB',
  summary: 'print the progress of a job until the job ends',
  flags: { ...connectionFlags, ...jsonFlag },
  run({ flags, args, signal }) {
    check(args.length === 1, 'jobs watch takes JOB');
    return watchJob(new Connection(flags), args[0] ?? '', flags.json, signal);
  },
});

const cancel = command({
  name: 'jobs cancel',
  usage: 'JOB',
  summary: 'stop a job after its current step, with a checkpoint to resume from',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'jobs cancel takes JOB');
    const { job } = await new Connection(flags)
      .client(JobServiceDefinition)
      .cancelJob({ jobId: args[0] ?? '' }, { signal });
    print([one(job)], flags.json);
    return 0;
  },
});

const resume = command({
  name: 'jobs resume',
  usage: 'JOB',
  summary: 'continue a cancelled or failed job from its last checkpoint',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'jobs resume takes JOB');
    const { job } = await new Connection(flags)
      .client(JobServiceDefinition)
      .resumeJob({ jobId: args[0] ?? '' }, { signal });
    print([one(job)], flags.json);
    return 0;
  },
});

export const jobsCommands = [create, list, get, watch, cancel, resume];
