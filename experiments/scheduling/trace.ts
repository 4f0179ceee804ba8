/** Steps as events of Chrome's trace format, which Perfetto opens: a process for each policy, a thread for each rank. */

import type { GridResult } from '../../src/ranks/grid.js';

/** @param process number of the policy, from 0 */
export function traceEvents(process: number, policy: string, { times }: GridResult): object[] {
  const spans = times.flatMap((ofRank, rank) =>
    ofRank.flatMap((time, microStep) => time.spans.map((span) => ({ ...span, rank, microStep, tokens: time.tokens }))),
  );
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const microseconds = (ms: number): number => Math.round(1000 * ms);
  const names = [
    { name: 'process_name', ph: 'M', pid: process, args: { name: policy } },
    { name: 'process_sort_index', ph: 'M', pid: process, args: { sort_index: process } },
    ...times.map((_, rank) => ({
      name: 'thread_name',
      ph: 'M',
      pid: process,
      tid: rank,
      args: { name: `rank ${rank}` },
    })),
  ];
  const events = spans.map(({ activity, rank, microStep, tokens, ...span }) => ({
    name: activity,
    cat: 'rank',
    ph: 'X',
    pid: process,
    tid: rank,
    ts: microseconds(span.startMs - startMs),
    dur: Math.max(1, microseconds(span.endMs - span.startMs)),
    args: { microStep, tokens },
  }));
  return [...names, ...events];
}
