/** The jobs, and the curves of one of them as they grow. */

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { JobServiceDefinition, JobState, type Job, type JobProgress } from '../../../src/proto/tengen/v1/job.js';
import type { Calls } from '../calls.js';
import { Chart, format } from '../chart.js';
import { useLoaded } from '../loaded.js';
import { Notice } from '../notice.js';
import { linkTo } from '../route.js';
import { useStream } from '../stream.js';
import { curvesOf } from './curves.js';

const stateNames: Readonly<Record<number, string>> = {
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.CANCELLED]: 'cancelled',
  [JobState.FAILED]: 'failed',
};

/** Figures that stand above the curves where the job has them, and their units. */
const headline: readonly (readonly [name: string, unit: string])[] = [
  ['rating', 'Elo'],
  ['games', 'games'],
  ['positions', 'positions'],
  ['step', 'steps'],
  ['loss', 'loss'],
  ['accuracy', 'accuracy'],
  ['positionsPerSecond', 'positions a second'],
  ['tokensPerSecond', 'tokens a second'],
  ['variationsPerTree', 'games a tree'],
];

/** The view; of the newest job if none is named. */
export function TrainingView({
  calls,
  jobId,
}: {
  readonly calls: Calls;
  readonly jobId: string | undefined;
}): ComponentChildren {
  const jobs = useLoaded((signal) => listJobs(calls, signal), [calls]);
  const job = jobs.value?.find((each) => each.jobId === jobId) ?? jobs.value?.[0];
  return (
    <div class="columns">
      <section class="list" aria-label="Jobs">
        <h2>Jobs</h2>
        <Notice text={jobs.error} />
        {jobs.value?.length === 0 && (
          <p class="quiet">
            No job yet. Start one with <code>tengen jobs create</code>.
          </p>
        )}
        <ul>
          {jobs.value?.map(({ jobId: id, kind, model, state }) => (
            <li key={id}>
              <a href={linkTo('training', id)} aria-current={id === job?.jobId ? 'true' : undefined}>
                <b>{id}</b>
                <span class="quiet">
                  {kind} · {model} · {stateNames[state]}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </section>
      {job && <JobCurves key={job.jobId} calls={calls} job={job} />}
    </div>
  );
}

/** All jobs, the newest first. */
export async function listJobs(calls: Calls, signal: AbortSignal): Promise<readonly Job[]> {
  const { listJobs: method } = JobServiceDefinition.methods;
  return (await calls.call(JobServiceDefinition, method, {}, { signal })).jobs;
}

function JobCurves({ calls, job }: { readonly calls: Calls; readonly job: Job }): ComponentChildren {
  const { watchJob } = JobServiceDefinition.methods;
  const { values, error } = useStream(
    (signal) => calls.stream(JobServiceDefinition, watchJob, { jobId: job.jobId, afterSequence: 0n }, { signal }),
    [calls, job.jobId],
    { isLast: ({ state, progress }) => !progress && state !== JobState.RUNNING },
  );
  const progress = useMemo(() => values.flatMap((each) => each.progress ?? []), [values]);
  const { main, others } = useMemo(() => curvesOf(progress), [progress]);
  const latest = useMemo(() => latestOf(progress), [progress]);
  const state = values.at(-1)?.state ?? job.state;
  const said = progress.findLast(({ event, message }) => message !== '' && event !== 'samples');
  return (
    <section class="content" aria-label={`Job ${job.jobId}`}>
      <h1>
        {job.jobId} <span class={`state ${stateNames[state] ?? ''}`}>{stateNames[state]}</span>
      </h1>
      <p class="quiet" role="status">
        {said?.message}
      </p>
      <Notice text={error || job.error} />
      <dl class="figures">
        {headline.map(
          ([name, unit]) => latest[name] !== undefined && <Figure key={name} value={latest[name]} unit={unit} />,
        )}
      </dl>
      <div class="charts">
        {main.map((curve) => (
          <Chart key={curve.title} {...curve} xName="minutes" height={240} />
        ))}
      </div>
      {others.length > 0 && (
        <details>
          <summary>All other figures</summary>
          <div class="charts small">
            {others.map((curve) => (
              <Chart key={curve.title} {...curve} xName="minutes" height={130} />
            ))}
          </div>
        </details>
      )}
    </section>
  );
}

/** The newest value of every figure. */
function latestOf(progress: readonly JobProgress[]): Readonly<Record<string, number>> {
  const latest: Record<string, number> = {};
  for (const { metrics } of progress) Object.assign(latest, metrics);
  return latest;
}

/** A number with its unit. */
export function Figure({
  value,
  unit,
}: {
  readonly value: number | undefined;
  readonly unit: string;
}): ComponentChildren {
  return (
    <div class="figure">
      <dt>{unit}</dt>
      <dd>{format(value)}</dd>
    </div>
  );
}
