/** What a comparison is made of, and where its results and networks are kept. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from '../../../src/core/errors.js';
import { readAlphaZeroConfig, type AlphaZeroConfig } from '../../../src/trainer/alphazero/config.js';
import { appendResult as append } from '../../../bench/shared/append-result.js';
import { arms, baseOf, type Arm } from '../../branching/arms.js';
import type { RunGrowth } from './training-run.js';

/** One comparison: a board and a budget. Its name tells its files apart. */
export interface Experiment {
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

/** Flags that describe an experiment; every process of it gets them. */
export const experimentFlags = {
  board: { type: 'string', default: '7' },
  positions: { type: 'string', default: '100000' },
  slots: { type: 'string', default: '32' },
  'version-every': { type: 'string', default: '2000' },
  name: { type: 'string', default: '' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

/** Reads the flags. @throws AppError 'invalid-argument' */
export function readExperiment(
  values: ReturnType<typeof parseArgs<{ options: typeof experimentFlags }>>['values'],
): Experiment {
  const number = (name: 'board' | 'positions' | 'slots' | 'version-every'): number => {
    const value = Number(values[name]);
    check(
      Number.isInteger(value) && value > 0,
      () => `--${name} is ${values[name]}; it must be a whole number above 0`,
    );
    return value;
  };
  const size = number('board');
  const positions = number('positions');
  // Halves of the budget, with one more near the end where the curves are compared.
  const marks = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1].map((share) => Math.round(positions * share));
  const set = Object.fromEntries(
    values.set.map((setting): [string, unknown] => {
      const [name, value] = setting.split('=');
      check(name !== undefined && value !== undefined, () => `--set is '${setting}'; it must be NAME=VALUE`);
      return [
        name,
        value === 'true' ? true : value === 'false' ? false : Number.isNaN(Number(value)) ? value : Number(value),
      ];
    }),
  );
  const name = values.name === '' ? `branching-${size}x${size}` : `branching-${values.name}`;
  return { name, size, positions, marks, slots: number('slots'), versionEvery: number('version-every'), set };
}

/** The settings of one run. Equal seeds give equal first weights and openings in every arm. */
export function configOf(experiment: Experiment, arm: Arm, seed: number): AlphaZeroConfig {
  const { size, positions, set } = experiment;
  return readAlphaZeroConfig({ ...baseOf(size), ...set, ...arms[arm], size, seed, maxPositions: positions });
}

export function playerOf({ arm, seed, mark }: Pick<CheckpointLine, 'arm' | 'seed' | 'mark'>): string {
  return `${arm}/${seed}/${mark}`;
}

/** The file of a checkpoint's network; networks are not committed. */
export function networkFile(experiment: Experiment, player: string): string {
  const folder = join('bench', 'work', experiment.name);
  mkdirSync(folder, { recursive: true });
  return join(folder, `${player.replaceAll('/', '-')}.safetensors`);
}

function resultsFile(experiment: Experiment): string {
  return join('bench', 'results', `${experiment.name}.json`);
}

/** All lines so far; one JSON object a line. */
export function readResults(experiment: Experiment): ResultLine[] {
  const file = resultsFile(experiment);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ResultLine);
}

/** Appends a line. @throws AppError 'invalid-argument' if the code is no commit */
export function appendResult(experiment: Experiment, line: ResultLine): void {
  append(resultsFile(experiment), line);
}
