/** What the server is doing now: how full its batches are, how fast it evaluates, what it searches, who plays for it. */

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import {
  MonitorServiceDefinition,
  type ConnectedWorker,
  type WatchServerResponse,
} from '../../../src/proto/tengen/v1/monitor.js';
import type { Calls } from '../calls.js';
import { Chart } from '../chart.js';
import { Notice } from '../notice.js';
import { useStream } from '../stream.js';
import { Figure } from '../training/training-view.js';
import { Calibrations } from './calibrations.js';

/** Five minutes. */
const KEPT = 300;

export function ServerView({ calls }: { readonly calls: Calls }): ComponentChildren {
  const { watchServer } = MonitorServiceDefinition.methods;
  const { values, error } = useStream(
    (signal) => calls.stream(MonitorServiceDefinition, watchServer, { intervalMs: 1000 }, { signal }),
    [calls],
    { most: KEPT },
  );
  const last = values.at(-1);
  const { x, speed, fill } = useMemo(() => seriesOf(values), [values]);
  const { evaluator: now, searches } = last ?? {};
  return (
    <section class="content" aria-label="Server">
      <h1>The server now</h1>
      <Notice text={error} />
      <dl class="figures">
        <Figure value={now?.evaluationsPerSecond} unit="evaluations a second" />
        <Figure value={now && fillOf(now)} unit="batch fill, %" />
        <Figure value={now?.positionsPerBatch} unit={`positions a batch, of ${now?.maxBatch ?? '–'}`} />
        <Figure value={now?.queueMs} unit="ms in the queue" />
        <Figure value={now?.computeMsPerBatch} unit="ms a batch" />
        <Figure value={now && 100 * now.cacheHitShare} unit="known to the cache, %" />
        <Figure value={now?.pending} unit="positions waiting" />
        <Figure value={now?.loadedVersions} unit="versions loaded" />
        <Figure value={now?.threads} unit="threads" />
        <Figure value={now && now.refused + now.failed} unit="refused or failed" />
        <Figure value={searches?.searches} unit={`searches, in ${searches?.games ?? '–'} games`} />
        <Figure value={searches?.evaluationsPerSecond} unit="of the evaluations a second for searches" />
        <Figure
          value={searches && mebibytes(searches.treeBytes)}
          unit={`MiB for search trees, of ${searches ? mebibytes(searches.treeBytesAllowed) : '–'}`}
        />
      </dl>
      <div class="charts">
        <Chart title="Evaluations a second" x={x} series={speed} xName="seconds" />
        <Chart title="Batch fill, %" x={x} series={fill} xName="seconds" range={[0, 100]} />
      </div>
      <Calibrations of={last?.calibrations ?? []} />
      <Workers workers={last?.workers} />
    </section>
  );
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function fillOf({ positionsPerBatch, maxBatch }: { positionsPerBatch: number; maxBatch: number }): number {
  return maxBatch === 0 ? 0 : (100 * positionsPerBatch) / maxBatch;
}

function seriesOf(values: readonly WatchServerResponse[]): {
  readonly x: readonly number[];
  readonly speed: { name: string; y: number[] }[];
  readonly fill: { name: string; y: number[] }[];
} {
  // The first answer covers no time.
  const shown = values.slice(1).flatMap(({ timeMs, evaluator }) => (evaluator ? [{ timeMs, ...evaluator }] : []));
  const endMs = shown.at(-1)?.timeMs ?? 0;
  return {
    x: shown.map(({ timeMs }) => (timeMs - endMs) / 1000),
    speed: [{ name: 'a second', y: shown.map(({ evaluationsPerSecond }) => evaluationsPerSecond) }],
    fill: [{ name: '%', y: shown.map(fillOf) }],
  };
}

function Workers({ workers }: { readonly workers: readonly ConnectedWorker[] | undefined }): ComponentChildren {
  return (
    <>
      <h2>Workers</h2>
      {workers?.length === 0 && (
        <p class="quiet">
          None is connected. <code>tengen worker</code> starts one.
        </p>
      )}
      {workers !== undefined && workers.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Games at once</th>
              <th scope="col">Games held</th>
              <th scope="col">Games stored</th>
              <th scope="col">Connected since</th>
            </tr>
          </thead>
          <tbody>
            {workers.map(({ name, games, leases, storedGames, connectedAtMs }) => (
              <tr key={`${name} ${connectedAtMs}`}>
                <th scope="row">{name}</th>
                <td>{games}</td>
                <td>{leases}</td>
                <td>{storedGames}</td>
                <td>{new Date(connectedAtMs).toLocaleTimeString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
