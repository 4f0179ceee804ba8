/** A file of samples in memory: every line as token ids, and every line that is none with the reason. */

import { AppError } from '../core/errors.js';
import { Rng } from '../core/rng.js';
import { type Sample, parseSample } from './samples.js';
import type { Tokenizer } from './tokenizer.js';

/** A sample and where it stands in its file. */
export interface NumberedSample extends Sample {
  /** Counted from 1. */
  readonly line: number;
}

/** A line that is not a sample. */
export interface RefusedLine {
  /** Counted from 1. */
  readonly line: number;
  /** The end of a sentence that begins with 'Line N:'. */
  readonly reason: string;
}

/** What a file holds. Every line that is not blank is in one of the lists, in the order of the file. */
export interface Dataset {
  readonly samples: readonly NumberedSample[];
  readonly malformed: readonly RefusedLine[];
  /** Samples of more tokens than are allowed. */
  readonly tooLong: readonly RefusedLine[];
}

export interface DatasetOptions {
  readonly tokenizer: Tokenizer;
  /** Longest sample in positions (its tokens but the last, which is only predicted); not given: any. */
  readonly maxTokens?: number;
}

/** Positions that a network computes for a sample: the last token is only predicted. */
export function lengthOf({ tokens }: Sample): number {
  return tokens.length - 1;
}

/** A line that is not blank, as what it is. */
export type ReadLine =
  | { readonly line: number; readonly text: string; readonly sample: Sample }
  | { readonly line: number; readonly text: string | undefined; readonly malformed: string }
  | { readonly line: number; readonly tooLong: string };

/** Reads a file of JSON lines one by one; blank lines are passed over but counted. */
export function* readLines(
  file: Uint8Array,
  { tokenizer, maxTokens = Infinity }: DatasetOptions,
): Generator<ReadLine, void, undefined> {
  for (const { line, text } of linesOf(file)) {
    if (text === undefined) {
      yield { line, text, malformed: 'it is not UTF-8' };
      continue;
    }
    if (text.trim() === '') continue;
    try {
      const sample = parseSample(text, tokenizer);
      const length = lengthOf(sample);
      if (length <= maxTokens) yield { line, text, sample };
      else yield { line, tooLong: `it has ${length} tokens; the ranks of a group hold ${maxTokens} together` };
    } catch (error) {
      yield { line, text, malformed: AppError.from(error).message };
    }
  }
}

/** Reads a file of JSON lines; blank lines are passed over but counted. */
export function readDataset(file: Uint8Array, options: DatasetOptions): Dataset {
  const samples: NumberedSample[] = [];
  const malformed: RefusedLine[] = [];
  const tooLong: RefusedLine[] = [];
  for (const read of readLines(file, options)) {
    const { line } = read;
    if ('sample' in read) samples.push({ line, ...read.sample });
    else if ('malformed' in read) malformed.push({ line, reason: read.malformed });
    else tooLong.push({ line, reason: read.tooLong });
  }
  return { samples, malformed, tooLong };
}

/** Refused lines in a sentence: all `count` are counted, though `lines` may be the first of them; a few are quoted. */
export function describeRefused(lines: readonly RefusedLine[], count = lines.length, shown = 10): string {
  const quoted = lines.slice(0, shown).map(({ line, reason }) => `Line ${line}: ${reason}`);
  const more = count - quoted.length;
  return `${quoted.join('. ')}${more > 0 ? `. And ${more} more: lines ${numbers(lines.slice(shown))}` : ''}`;
}

/**
 * Sets aside `share` of the samples, rounded, at least one if the share is not 0 and there are two: indices in ascending
 * order. Depends on `seed` and the number of samples alone.
 */
export function splitSamples(count: number, share: number, seed: number): { train: number[]; evaluation: number[] } {
  const wanted = share === 0 || count < 2 ? 0 : Math.min(count - 1, Math.max(1, Math.round(count * share)));
  const order = new Rng(seed).shuffle(Array.from({ length: count }, (_, i) => i));
  const ascending = (a: number, b: number): number => a - b;
  return { train: order.slice(wanted).sort(ascending), evaluation: order.slice(0, wanted).sort(ascending) };
}

/** Lines by their number; `text` is undefined if the bytes are not UTF-8. */
function* linesOf(file: Uint8Array): Generator<{ line: number; text: string | undefined }> {
  const newline = 0x0a;
  for (let start = 0, line = 1; start < file.length; line++) {
    const found = file.indexOf(newline, start);
    const end = found < 0 ? file.length : found;
    yield { line, text: decodeLine(file.subarray(start, end)) };
    start = end + 1;
  }
}

/** The decoder also drops the byte order mark that some editors write first. */
function decodeLine(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function numbers(lines: readonly RefusedLine[]): string {
  const most = 100;
  const list = lines.slice(0, most).map(({ line }) => line);
  return `${list.join(', ')}${lines.length > most ? ' …' : ''}`;
}
