/** What the evaluator counts. */

import { waitingLimitsMicros } from './waiting-times.js';

/** The counters at one time; all but the gauges at the end only grow. */
export interface EvaluatorMetrics {
  /** Requests accepted, refused because the queue was full, cancelled by their client, failed for another reason. */
  readonly requests: number;
  readonly refused: number;
  readonly cancelled: number;
  readonly failed: number;
  /** Positions that the network evaluated. */
  readonly evaluations: number;
  readonly batches: number;
  /** Time that positions waited before their batch ran, summed over positions. */
  readonly queueMicros: number;
  /** Time that batches ran, features included, summed over batches. */
  readonly computeMicros: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Threads that died and were replaced. */
  readonly threadRestarts: number;
  /** Mean positions a batch, as a share of the largest batch allowed; 0 before the first. */
  readonly batchFill: number;
  /** Positions waiting or being evaluated now. */
  readonly pending: number;
  /** Model versions loaded now. */
  readonly loadedVersions: number;
  /** Session threads now. */
  readonly threads: number;
  /** Positions by how long they waited (waiting-times.ts). */
  readonly waiting: readonly number[];
}

const gauges = ['batchFill', 'pending', 'loadedVersions', 'threads'] as const;

export type EvaluatorCounters = {
  -readonly [K in Exclude<keyof EvaluatorMetrics, (typeof gauges)[number] | 'waiting'>]: number;
};

/** Counters at zero. */
export function makeCounters(): EvaluatorCounters {
  return {
    requests: 0,
    refused: 0,
    cancelled: 0,
    failed: 0,
    evaluations: 0,
    batches: 0,
    queueMicros: 0,
    computeMicros: 0,
    cacheHits: 0,
    cacheMisses: 0,
    threadRestarts: 0,
  };
}

/** Kept and current numbers in the text format of Prometheus, with the prefix `tengen_evaluator_`. */
export function formatPrometheus({ waiting, ...metrics }: EvaluatorMetrics): string {
  let text = '';
  for (const [key, value] of Object.entries(metrics)) {
    const name = `tengen_evaluator_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const [type, suffix] = (gauges as readonly string[]).includes(key) ? ['gauge', ''] : ['counter', '_total'];
    text += `# TYPE ${name}${suffix} ${type}\n${name}${suffix} ${String(value)}\n`;
  }
  return text + formatWaiting(waiting, metrics.queueMicros);
}

/** A histogram in seconds. */
function formatWaiting(counts: readonly number[], sumMicros: number): string {
  const name = 'tengen_evaluator_queue_seconds';
  let total = 0;
  let text = `# TYPE ${name} histogram\n`;
  counts.forEach((count, bucket) => {
    const limit = waitingLimitsMicros[bucket];
    total += count;
    text += `${name}_bucket{le="${limit === undefined ? '+Inf' : (limit / 1e6).toPrecision(4)}"} ${total}\n`;
  });
  return `${text}${name}_sum ${sumMicros / 1e6}\n${name}_count ${total}\n`;
}
