/**
 * What a job has a thread do with texts: how long it takes, a vocabulary's own patterns decide, and some never end. A thread
 * has one vocabulary, one pool and one file of scores; what is large comes and goes in parts.
 */

import type { AngleScore } from '../../methods/curriculum/curriculum.js';
import { describeRefused } from '../../text/dataset.js';
import { modelTokenizer } from '../../text/model-tokenizer.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import { encodeTasks, type EncodedTasks, partsOf, type PromptSettings, type RftTask } from './prompts.js';
import { findScores, formatScoredTasks, type KnownScores, parseScores, type ScoresOf } from './scored-tasks.js';
import { readTaskPool, type TaskPoolOptions } from './task-pool.js';

let tokenizer: Tokenizer;
let pool: Generator<RftTask[], void>;
let scores: KnownScores;

/** Takes the vocabulary; see `modelTokenizer`. */
export function openVocabulary(metadata: Readonly<Record<string, string>>, vocabulary: number): void {
  tokenizer = modelTokenizer(metadata, vocabulary);
}

/** Reads a pool, which `nextTasks` then gives; see `readTaskPool`. */
export function readPool(
  file: Uint8Array,
  options: Omit<TaskPoolOptions, 'tokenizer'>,
): { readonly refusedLines: number; readonly refused: string } {
  const { tasks, refused } = readTaskPool(file, { ...options, tokenizer });
  pool = partsOf(tasks);
  return { refusedLines: refused.length, refused: describeRefused(refused) };
}

/** The next tasks of the pool; undefined after the last. */
export function nextTasks(): RftTask[] | undefined {
  return pool.next().value ?? undefined;
}

/** Reads scores, which `scoresOf` then finds; see `parseScores`. */
export function readScores(file: Uint8Array, of: ScoresOf): void {
  scores = parseScores(file, of);
}

/** See `findScores`. */
export function scoresOf(tasks: readonly RftTask[]): AngleScore[] {
  return findScores(scores, tasks);
}

/** See `formatScoredTasks`. */
export function formatScores(
  tasks: readonly RftTask[],
  found: readonly AngleScore[],
  modelVersion: string,
): Uint8Array {
  return formatScoredTasks(tasks, found, modelVersion);
}

/** See `encodeTasks`. */
export function encode(tasks: readonly RftTask[], settings: PromptSettings): EncodedTasks {
  return encodeTasks(tasks, tokenizer, settings);
}

export function decode(tokens: readonly (readonly number[])[]): string[] {
  return tokens.map((own) => tokenizer.decode(own));
}
