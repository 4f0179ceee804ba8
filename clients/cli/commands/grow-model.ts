/** `tengen models grow`: a `grow` job from its start to its report. */

import { AppError, check } from '../../../src/core/errors.js';
import { JobServiceDefinition, JobState, type JobProgress } from '../../../src/proto/tengen/v1/job.js';
import { Connection } from '../../shared/connection.js';
import { followJob } from '../follow-job.js';
import { command, connectionFlags, type FlagValues, jsonFlag } from '../command.js';
import { ProgressBar } from '../terminal/progress.js';
import { formatTable } from '../../shared/table.js';
import { formatMetric, settingsFrom } from './jobs.js';

/** Flags that are settings of the job under their own names. */
const settingFlags = {
  dataset: { type: 'string', value: 'NAME', doc: 'language models: data set on which the growth operator is trained' },
  method: { type: 'string', value: 'METHOD', doc: 'growth method (docs/methods/growth.md)' },
  layers: { type: 'string', value: 'N', doc: 'language models: layers of the grown network' },
  hidden: { type: 'string', value: 'N', doc: 'language models: hidden width of the grown network' },
  blocks: { type: 'string', value: 'N', doc: 'Go networks: residual blocks of the grown network' },
  channels: { type: 'string', value: 'N', doc: 'Go networks: channels of the grown network' },
} as const;

const flags = {
  ...connectionFlags,
  ...jsonFlag,
  ...settingFlags,
  set: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    doc: 'another setting of the grow job (docs/config.md lists them); may be repeated',
  },
} as const;

export const growModel = command({
  name: 'models grow',
  usage: 'SOURCE NAME [--hidden N --layers N | --channels N --blocks N]',
  summary: 'grow a trained network into a larger network, which the server stores as a version of the model NAME',
  details: `  tengen models grow helper helper-large --dataset chats --hidden 512 --layers 8
  tengen models grow go9 go9-large --channels 96 --blocks 9 --method mango-exact

Ctrl-C cancels the growth, and the server stores no version.`,
  flags,
  async run({ flags: given, args, signal }) {
    const [source, model] = args;
    check(source !== undefined && model !== undefined && args.length === 2, 'models grow takes SOURCE NAME');
    const connection = new Connection(given);
    const jobs = connection.client(JobServiceDefinition);
    const configJson = JSON.stringify({ ...settingsOf(given), source });
    const { job } = await jobs.createJob({ kind: 'grow', model, configJson }, { signal });
    if (!job) throw new AppError('internal', 'The server sent no job');
    try {
      return await follow(connection, job.jobId, given.json, signal);
    } finally {
      // A job that has ended refuses; whatever happened before is what matters then.
      if (signal.aborted) await jobs.cancelJob({ jobId: job.jobId }).catch(() => undefined);
    }
  },
});

function settingsOf(given: FlagValues<typeof flags>): Record<string, unknown> {
  const named = Object.keys(settingFlags).map((name) => [name, given[name as keyof typeof settingFlags]] as const);
  return { ...settingsFrom(given.set), ...Object.fromEntries(named.filter(([, value]) => value !== undefined)) };
}

/** Shows a job until it ends. */
async function follow(connection: Connection, jobId: string, json: boolean, signal: AbortSignal): Promise<number> {
  const client = connection.client(JobServiceDefinition);
  const bar = new ProgressBar('operator');
  let state: JobState = JobState.UNSPECIFIED;
  let report: JobProgress | undefined;
  const sentences: string[] = [];
  for await (const message of followJob(connection, jobId, signal)) {
    state = message.state;
    const { progress } = message;
    if (progress?.event === 'train') {
      const { step = 0, steps = 0, loss } = progress.metrics;
      bar.update(step, steps, `loss ${formatMetric(loss)}`);
      if (step === steps) bar.end();
    } else if (progress?.event === 'evaluation') report = progress;
    else if (progress?.event === 'promotion') sentences.push(progress.message);
  }
  if (report) process.stdout.write(json ? `${JSON.stringify(report.metrics)}\n` : `${growthReport(report.metrics)}\n`);
  if (state === JobState.DONE) {
    if (!json) process.stdout.write(`\n${sentences.join('\n')}\n`);
    return 0;
  }
  const { job } = await client.getJob({ jobId }, { signal });
  throw new AppError('failed-precondition', job?.error === '' || !job ? 'The growth was cancelled' : job.error);
}

/** What growing did, as a table. */
export function growthReport(metrics: Readonly<Record<string, number>>): string {
  const of = (name: string): string => formatMetric(metrics[name]);
  const { operatorSteps: steps = 0, estimatedSaving } = metrics;
  const cost = `${of('operatorCostSteps')} training steps of the grown network`;
  const rows = [
    ['loss of the source', of('sourceLoss')],
    ['loss of the network grown by the untrained operator', of('initialLoss')],
    ['loss of the grown network', of('grownLoss')],
    ['parameters', `${of('sourceParameters')} → ${of('parameters')}`],
    ['operator', `${of('operatorSize')} numbers, ${steps} steps, the best after ${of('bestStep')}`],
    ['cost', `${(metrics['operatorCost'] ?? 0).toExponential(2)} multiplications, as ${cost}`],
    ['time', `${formatMetric((metrics['trainingMs'] ?? 0) / 1000)} s`],
  ];
  if (estimatedSaving !== undefined) {
    const words =
      'of training a large network to the loss of the source, if that takes as many steps as the source took';
    rows.push(['estimated saving', `${(100 * estimatedSaving).toFixed(1)} % ${words}`]);
  }
  return formatTable(['GROWTH', ''], rows);
}
