/** What a comparison of curricula is made of, and where its results are kept. All of it was fixed before its seeds were run. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { check } from '../../src/core/errors.js';
import type { Family } from '../../src/tasks/families.js';
import { LEVELS } from '../../src/tasks/families.js';
import { makeSuite, type Task } from '../../src/tasks/suite.js';
import { appendResult } from '../../bench/shared/append-result.js';
import { readLines, resultsFile, runFile } from '../shared/files.js';
import { warmStart, type WarmStartOptions } from './warm-start.js';

/** One comparison: tasks, the model's start, and a budget. */
export interface Regime {
  readonly families: readonly Family[];
  readonly fixedLength: boolean;
  readonly poolSize: number;
  readonly testSize: number;
  /** Budget in completions drawn, those before the run included. */
  readonly rollouts: number;
  /** Completions between evaluations. */
  readonly evaluationRollouts: number;
  readonly promptsPerStep: number;
  readonly completions: number;
  readonly maxTokens: number;
  readonly learningRate: number;
  readonly warm: Pick<WarmStartOptions, 'decay' | 'hidden' | 'layers' | 'steps' | 'batchSize' | 'learningRate'>;
}

const warm = { decay: 0.65, hidden: 64, layers: 2, steps: 700, batchSize: 32, learningRate: 0.003 };
const shared = {
  poolSize: 2048,
  testSize: 600,
  rollouts: 153_600,
  evaluationRollouts: 5120,
  // Of 8, 16 and 32 prompts a step, and rates of 5e-4 and 1e-3, the best for uniform draws on the calibration seeds.
  promptsPerStep: 16,
  completions: 8,
  maxTokens: 12,
  learningRate: 5e-4,
  warm,
};

export const regimes: Readonly<Record<string, Regime>> = {
  /** One family from two digits to nine: at the start the model knows the low levels and hardly the high ones. */
  ladder: { ...shared, families: ['reverse'], fixedLength: false },
  /** The same where the length of a question tells nothing of its level. */
  'ladder-fixed': { ...shared, families: ['reverse'], fixedLength: true, warm: { ...warm, decay: 0.8, steps: 1500 } },
};

/** What all prompts begin with. */
export const PREFIX = 'solve: ';
/** Seeds that fix the target and are in no comparison. */
export const calibrationSeeds = [101, 102];
const WARM_SEED = 7;
const TEST_SEED = 99;

/** The model at one moment of a run. */
export interface Point {
  readonly step: number;
  /** Completions drawn so far, those before the run included. */
  readonly rollouts: number;
  /** Tokens read and drawn, and three times those trained on. */
  readonly tokens: number;
  /** Without evaluations. */
  readonly seconds: number;
  /** Share of correct completions at temperature 1 on the test set. */
  readonly sampled: number;
  readonly greedy: number;
  /** Of the hardest level. */
  readonly hardest: number;
  /** Mean over the steps since the last point. */
  readonly zeroVarianceShare: number;
  /** Different prompts drawn so far. */
  readonly coverage: number;
}

export interface RunLine {
  readonly arm: string;
  readonly seed: number;
  readonly points: readonly Point[];
  /** Seconds of scoring the pool, part of the points' seconds. */
  readonly scoringSeconds: number;
  /** Final accuracy by level. */
  readonly byLevel: Readonly<Record<string, number>>;
  /** Mean level of the prompts drawn between points. */
  readonly levels: readonly number[];
}

/** Looks a regime up. @throws AppError 'invalid-argument' */
export function regimeOf(name: string): Regime {
  const regime = regimes[name];
  check(regime !== undefined, () => `--regime is '${name}'; it must be one of ${Object.keys(regimes).join(', ')}`);
  return regime;
}

/** The pool of a seed, the same for all arms. */
export function poolOf({ families, fixedLength, poolSize }: Regime, seed: number): Task[] {
  return makeSuite({ families, fixedLength, levels: allLevels(), count: poolSize, seed, split: 'train' });
}

/** The test set of all runs. */
export function testOf({ families, fixedLength, testSize }: Regime): Task[] {
  return makeSuite({ families, fixedLength, levels: allLevels(), count: testSize, seed: TEST_SEED, split: 'test' });
}

/** The file of the model that all runs start from; made if it is not there. */
export async function startOf(name: string): Promise<Uint8Array> {
  const file = runFile('curriculum', `${name}-start.safetensors`);
  if (existsSync(file)) return readFileSync(file);
  const { families, fixedLength, warm: options } = regimeOf(name);
  const seed = WARM_SEED;
  const tasks = makeSuite({ families, fixedLength, levels: allLevels(), count: 4000, seed, split: 'train' });
  const model = await warmStart({ tasks, prefix: PREFIX, seed, ...options });
  writeFileSync(file, model);
  return model;
}

/** All runs so far. */
export function readRuns(name: string): RunLine[] {
  return readLines(fileOf(name));
}

/** Appends a run. @throws AppError 'invalid-argument' if the code is no commit */
export function appendRun(name: string, line: RunLine): void {
  appendResult(fileOf(name), line);
}

function fileOf(name: string): string {
  return resultsFile('curriculum', `${name}.jsonl`);
}

function allLevels(): number[] {
  return Array.from({ length: LEVELS }, (_, i) => i + 1);
}
