/**
 * The verifier of patterns. A pattern comes from a job's settings or from a line of a data set, and with some text it may take
 * longer than the world will last. So it is matched in a thread that does nothing else, and is ended after the time limit.
 */

import { AppError, check } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import { threadModule, type ThreadPool } from '../threads/pool.js';
import type * as matching from './match-pattern.js';
import { failed, type JudgedSample, type Judgement, type Reward } from './reward.js';

const matcher = threadModule<typeof matching>(import.meta.url, './match-pattern.js');

/** Longest pattern, in characters. */
const MAX_PATTERN = 10_000;
/** A pattern that took too long this often has no chance with the other samples of the batch. */
const MAX_TIME_OUTS = 3;

export interface PatternOptions {
  readonly pool: ThreadPool;
  /** Samples at once; the pool must take that many. */
  readonly concurrency: number;
  /** Of one sample. */
  readonly timeoutMs: number;
}

/** @throws AppError 'invalid-argument' if `pattern` is no regular expression, or too long */
export function checkPattern(pattern: string): void {
  check(pattern !== '', 'The verifier regex needs a pattern');
  check(pattern.length <= MAX_PATTERN, () => {
    return `The pattern has ${pattern.length} characters; at most ${MAX_PATTERN} are allowed`;
  });
  try {
    new RegExp(pattern, 'gmu');
  } catch (error) {
    throw new AppError('invalid-argument', `The pattern '${pattern}' is no regular expression`, { cause: error });
  }
}

/**
 * The last match of a pattern is the answer, or the first group of it if the pattern has groups: `#### (.+)$`. Failures:
 * 'time-out', 'pattern failed'.
 *
 * @throws AppError 'invalid-argument' if `pattern` is none
 */
export function patternReward(pattern: string, options: PatternOptions): Reward {
  checkPattern(pattern);
  return {
    async score(batch, signal) {
      const judgements: Judgement[] = [];
      let next = 0;
      let timeOuts = 0;
      const work = async (): Promise<void> => {
        for (let i = next++; i < batch.length; i = next++) {
          const isHopeless = timeOuts >= MAX_TIME_OUTS;
          const judgement = isHopeless ? failed('time-out') : await judge(pattern, batch[i]!, options, signal);
          if (judgement.failure === 'time-out') timeOuts++;
          judgements[i] = judgement;
        }
      };
      await Promise.all(Array.from({ length: Math.min(options.concurrency, batch.length) }, work));
      return judgements;
    },
  };
}

async function judge(
  pattern: string,
  { completion, answer }: JudgedSample,
  { pool, timeoutMs }: PatternOptions,
  signal: AbortSignal | undefined,
): Promise<Judgement> {
  try {
    const args: [string, string, string] = [pattern, completion, answer];
    const correct = (await pool.run(matcher, 'matchPattern', args, { timeoutMs, signal })) ? 1 : 0;
    return { reward: correct, correct };
  } catch (error) {
    throwIfAborted(signal);
    const { kind } = AppError.from(error);
    if (kind === 'unavailable') throw error;
    return failed(kind === 'deadline-exceeded' ? 'time-out' : 'pattern failed');
  }
}
