/**
 * `tengen quickstart`: a server, workers and an alphazero job as separate processes, the learning curve drawn as it grows,
 * a rating table, and the line that plays the result in Sabaki.
 */

import { refOf } from '../../../src/core/refs.js';
import { resolve } from 'node:path';
import { AppError, check } from '../../../src/core/errors.js';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../../src/proto/tengen/v1/model.js';
import { Connection } from '../../shared/connection.js';
import { startLocalServer, tengenScript, TengenProcess } from '../child.js';
import { command } from '../command.js';
import { LearningCurve } from '../terminal/learning-curve.js';
import { formatTable } from '../../shared/table.js';
import { isEnded } from '../follow-job.js';
import { settingsFrom, stateName } from './jobs.js';

export const quickstartCommand = command({
  name: 'quickstart',
  usage: '',
  summary: 'learn Go from nothing on this machine: server, workers, training, a learning curve, a player at the end',
  details: '  tengen quickstart --size 5 --minutes 3',
  flags: {
    size: { type: 'string', default: '7', value: 'POINTS', doc: 'points on a side of the board' },
    minutes: { type: 'string', default: '10', value: 'MINUTES', doc: 'length of the training job in minutes' },
    workers: { type: 'string', default: '1', value: 'COUNT', doc: 'number of self-play worker processes' },
    games: { type: 'string', default: 'auto', value: 'COUNT', doc: 'games that each worker plays at once, or auto' },
    'data-dir': { type: 'string', value: 'DIR', doc: 'data folder for models and games [data/quickstart-SIZE]' },
    set: {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      doc: 'a setting of the training job (docs/config.md lists them); may be repeated',
    },
    json: { type: 'boolean', default: false, doc: 'print progress as JSON, one value on each line' },
  },
  async run({ flags, signal }) {
    const size = Number(flags.size);
    check(
      Number.isInteger(size) && size >= 2 && size <= 19,
      `--size is ${flags.size}; it must be a whole number from 2 to 19`,
    );
    const workers = Number(flags.workers);
    check(
      Number.isInteger(workers) && workers >= 0 && workers <= 64,
      `--workers is ${flags.workers}; it must be a whole number from 0 to 64`,
    );
    const minutes = Number(flags.minutes);
    check(minutes > 0, `--minutes is ${flags.minutes}; it must be a number above 0`);
    const dataDir = resolve(flags['data-dir'] ?? `data/quickstart-${size}`);
    const say = (text: string): void => {
      if (!flags.json) process.stdout.write(`${text}\n`);
    };
    say(`Learning ${size}×${size} Go for ${flags.minutes} minutes; everything is kept in ${dataDir}`);
    const { server, address, page } = await startLocalServer(dataDir, [], signal);
    const children = [server];
    const connection = new Connection({ address });
    try {
      const settings = { size, minutes, ...settingsFrom(flags.set) };
      const job = await findOrCreateJob(connection, `go${size}`, settings, signal);
      for (let i = 0; i < workers; i++) {
        children.push(
          new TengenProcess([
            'worker',
            '--address',
            address,
            '--games',
            flags.games,
            '--name',
            `quickstart-${i + 1}`,
          ]).ignoreOutput(),
        );
      }
      say(`Server on ${address}, ${workers} worker${workers === 1 ? '' : 's'}, job ${job.jobId}`);
      if (page !== undefined) say(`Look at it: ${page}`);
      const state = await follow(connection, job, children, flags.json, signal);
      await report(connection, job, dataDir, flags.json, signal);
      return state === JobState.DONE ? 0 : 1;
    } finally {
      connection.close();
      for (const child of children.reverse()) await child.stop();
    }
  },
});

/** A run that was interrupted is continued: the server has resumed its job, or it is resumed here. */
async function findOrCreateJob(
  connection: Connection,
  model: string,
  settings: object,
  signal: AbortSignal,
): Promise<Job> {
  const client = connection.client(JobServiceDefinition);
  const { jobs } = await client.listJobs({}, { signal });
  const open = jobs.find((job) => job.model === model && job.state !== JobState.DONE);
  if (open?.state === JobState.RUNNING) return open;
  const { job } = open
    ? await client.resumeJob({ jobId: open.jobId }, { signal })
    : await client.createJob({ kind: 'alphazero', model, configJson: JSON.stringify(settings) }, { signal });
  if (!job) throw new AppError('internal', 'The server sent no job');
  return job;
}

async function follow(
  connection: Connection,
  job: Job,
  children: readonly TengenProcess[],
  json: boolean,
  signal: AbortSignal,
): Promise<JobState> {
  const curve = json ? undefined : new LearningCurve(process.stdout);
  const stopped = new AbortController();
  for (const child of children) {
    void child.exited.then(() => stopped.abort(child.failure()));
  }
  let state: JobState = job.state;
  const watching = AbortSignal.any([signal, stopped.signal]);
  try {
    for await (const message of connection
      .client(JobServiceDefinition)
      .watchJob({ jobId: job.jobId, afterSequence: 0n }, { signal: watching })) {
      state = message.state;
      if (message.progress) show(message.progress, curve);
      if (isEnded(state)) break;
    }
  } catch (error) {
    throw stopped.signal.aborted && !signal.aborted ? stopped.signal.reason : error;
  } finally {
    curve?.end();
  }
  return state;
}

function show(progress: JobProgress, curve: LearningCurve | undefined): void {
  if (curve) curve.add(progress);
  else process.stdout.write(`${JSON.stringify(progress)}\n`);
}

async function report(
  connection: Connection,
  job: Job,
  dataDir: string,
  json: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { job: ended } = await connection.client(JobServiceDefinition).getJob({ jobId: job.jobId }, { signal });
  const { models } = await connection.client(ModelServiceDefinition).listModels({ name: job.model }, { signal });
  const rated = models.filter((model) => model.rating !== undefined).reverse();
  const best = models.find((model) => model.promoted) ?? models[0];
  const gtp = [tengenScript, 'gtp', '--data-dir', dataDir, '--model', job.model, '--visits', '200'];
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ event: 'end', state: stateName(ended?.state ?? job.state), dataDir, best: best && refOf(best), models, gtp: [process.execPath, ...gtp] })}\n`,
    );
    return;
  }
  if (ended?.error) process.stdout.write(`\nThe job failed: ${ended.error}\n`);
  const rows = rated.map((model) => [
    refOf(model),
    model.step.toString(),
    (model.rating ?? 0).toFixed(0),
    model.promoted ? 'plays' : '',
  ]);
  if (rows.length > 0) process.stdout.write(`\n${formatTable(['MODEL', 'STEP', 'ELO', ''], rows)}\n`);
  process.stdout.write(
    `\nPlay it in Sabaki: Engines → Manage Engines → Add, then\n  path       ${process.execPath}\n  arguments  ${gtp.join(' ')}\n`,
  );
}
