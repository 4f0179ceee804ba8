/** The check of a file of samples before it is stored. Runs in threads: a file may have 1 GiB. */

import { check } from '../../core/errors.js';
import { byteTokenizer } from '../../text/bytes.js';
import { describeRefused, readLines, type RefusedLine } from '../../text/dataset.js';
import { isTask } from '../../text/tasks.js';
import { transferring } from '../../threads/messages.js';

/** Refused lines that are named; more would not be read. */
const SHOWN = 1000;

/** For files whose samples may be of any length: a sample is well-formed or not by whether its texts have characters. */
const shortened = { ...byteTokenizer, encode: (text: string) => byteTokenizer.encode(text.slice(0, 2)) };

/** What a file holds. */
export interface CheckedSamples {
  /** The file, which was given away. */
  readonly bytes: Uint8Array;
  /** Lines that are samples or tasks. */
  readonly samples: number;
  /** Other lines, blank ones apart. */
  readonly malformed: number;
  /** The first thousand of them. */
  readonly refused: readonly RefusedLine[];
}

/**
 * Counts a file's samples; nothing of them is kept.
 *
 * @param maxTokens longest sample in tokens of the byte-level vocabulary; 0 takes any
 * @throws AppError 'invalid-argument' if a sample is too long, or there is none
 */
export function checkSamples(bytes: Uint8Array, maxTokens: number): CheckedSamples {
  const options = maxTokens > 0 ? { tokenizer: byteTokenizer, maxTokens } : { tokenizer: shortened };
  const tooLong: RefusedLine[] = [];
  const refused: RefusedLine[] = [];
  let [samples, malformed, longer] = [0, 0, 0];
  for (const read of readLines(bytes, options)) {
    const { line } = read;
    if ('tooLong' in read) {
      if (longer++ < SHOWN) tooLong.push({ line, reason: read.tooLong });
    }
    // A line with a prompt and an answer is nothing to imitate, but something to learn from by reinforcement.
    else if ('sample' in read || (read.text !== undefined && isTask(read.text))) samples++;
    else if (malformed++ < SHOWN) refused.push({ line, reason: read.malformed });
  }
  check(tooLong.length === 0, () => `Nothing was stored. ${describeRefused(tooLong, longer)}`);
  check(samples > 0, () => `The file holds no sample. ${describeRefused(refused, malformed)}`.trimEnd());
  const found = { bytes, samples, malformed, refused };
  return transferring(found, [bytes.buffer as ArrayBuffer]);
}
