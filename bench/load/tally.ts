/** What clients of the load count, and how they take the status of a call. */

import { ClientError, Status } from 'nice-grpc-common';
import { AppError } from '../../src/core/errors.js';

/** What a process of clients has seen. */
export interface Tally {
  /** Calls that have ended, in whatever way. */
  calls: number;
  /** Positions answered. */
  evaluations: number;
  /** Completions that came to their end. */
  generations: number;
  /** Answers on watches of jobs and of the server. */
  watches: number;
  /** Answers that are not what a quiet server gave, or out of order. */
  wrong: number;
  /** Calls and requests of a stream that were refused with RESOURCE_EXHAUSTED. */
  exhausted: number;
  /** Statuses of calls and requests that are neither OK nor RESOURCE_EXHAUSTED, by name. */
  unexpected: Record<string, number>;
}

/** Nothing yet. */
export function newTally(): Tally {
  return { calls: 0, evaluations: 0, generations: 0, watches: 0, wrong: 0, exhausted: 0, unexpected: {} };
}

/** Enters what another process has counted. */
export function addTally(total: Tally, { unexpected, ...counts }: Tally): void {
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) total[key] += counts[key];
  for (const [status, count] of Object.entries(unexpected)) addUnexpected(total, status, count);
}

/** Counts a status that should not have come. */
export function addUnexpected({ unexpected }: Tally, status: string, count = 1): void {
  if (count > 0) unexpected[status] = (unexpected[status] ?? 0) + count;
}

/** Sentences written out; with a thousand clients one fault is many. */
const MOST_SENTENCES = 20;
let sentences = 0;

function say(what: string): void {
  if (sentences++ < MOST_SENTENCES) process.stderr.write(`${what}\n`);
}

/** Counts an answer that is wrong. @param what a sentence with what was wanted and what came */
export function addWrong(tally: Tally, what: string): void {
  tally.wrong++;
  say(`wrong: ${what}`);
}

/** Counts the status of a call, or of a request of a stream, that failed. @returns whether it is to be asked again later */
export function addFailure(tally: Tally, call: string, code: number, message: string): boolean {
  if (code === (Status.RESOURCE_EXHAUSTED as number)) {
    tally.exhausted++;
    return true;
  }
  addUnexpected(tally, Status[code] ?? String(code));
  say(`unexpected: ${call} ended with ${Status[code] ?? String(code)}: ${message}`);
  return false;
}

/** The status of what a call threw. @throws what is no status of a call */
export function statusOf(thrown: unknown): { readonly code: Status; readonly message: string } {
  if (thrown instanceof ClientError) return { code: thrown.code, message: thrown.details };
  const { kind, message } = AppError.from(thrown);
  if (kind === 'cancelled') return { code: Status.CANCELLED, message };
  throw thrown;
}
