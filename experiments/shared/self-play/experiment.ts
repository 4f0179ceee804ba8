/** What a comparison is made of, and where its results and networks are kept. */

import { join } from 'node:path';
import { appendResult as append } from '../../../bench/shared/append-result.js';
import { readLines, resultsFile, runFile } from '../files.js';
import type { RunGrowth } from './training-run.js';

/** One comparison: a board and a budget. */
export interface Experiment {
  /** Under `experiments`: where its files are. */
  readonly folder: string;
  /** Tells its files from those of others in the folder. */
  readonly name: string;
  readonly size: number;
  /** Searched positions of a run. */
  readonly positions: number;
  /** Searched positions at which checkpoints are taken. */
  readonly marks: readonly number[];
  readonly slots: number;
  readonly versionEvery: number;
  /** Settings of the job that replace those of `base`. */
  readonly set: Readonly<Record<string, unknown>>;
  /** What marks count, if not searched positions. */
  readonly markName?: string;
}

export interface CheckpointLine {
  readonly kind: 'checkpoint';
  readonly arm: string;
  readonly seed: number;
  readonly mark: number;
  readonly positions: number;
  readonly games: number;
  readonly steps: number;
  readonly evaluations: number;
  readonly seconds: number;
  /** Multiplications of the evaluations, the training and the growth; absent in old results. */
  readonly multiplications?: number;
  /** Of a network that has grown. */
  readonly growth?: RunGrowth;
  readonly trees?: Readonly<Record<string, number>>;
  readonly losses: Readonly<Record<string, number>>;
}

/** Games between two players in the results; `wins` are `a`'s. */
export interface MatchLine {
  readonly kind: 'match';
  readonly a: string;
  readonly b: string;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
}

export type ResultLine = CheckpointLine | MatchLine;

export function playerOf({ arm, seed, mark }: Pick<CheckpointLine, 'arm' | 'seed' | 'mark'>): string {
  return `${arm}/${seed}/${mark}`;
}

/** The file of a checkpoint's network; networks are not committed. */
export function networkFile({ folder, name }: Experiment, player: string): string {
  return runFile(folder, join(name, `${player.replaceAll('/', '-')}.safetensors`));
}

function fileOf({ folder, name }: Experiment): string {
  return resultsFile(folder, `${name}.jsonl`);
}

/** All lines so far. */
export function readResults(experiment: Experiment): ResultLine[] {
  return readLines(fileOf(experiment));
}

/** Appends a line. @throws AppError 'invalid-argument' if the code is no commit */
export function appendResult(experiment: Experiment, line: ResultLine): void {
  append(fileOf(experiment), line);
}
