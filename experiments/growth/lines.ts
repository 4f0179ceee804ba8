/** The results of a comparison: one JSON object a line, appended as runs end. */

import type { GrowthReport } from '../../src/trainer/growth/train-operator.js';
import { appendResult } from '../../bench/shared/append-result.js';
import { readLines, resultsFile, runFile } from '../shared/files.js';

/** A step and the held-out loss after it. */
export type Point = readonly [step: number, loss: number];

/** How the learning rate goes on after its warm-up: it stays, or falls to zero at the last step. */
export type Schedule = 'constant' | 'decay';

export interface RunKey {
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Steps of the whole schedule; a run at a constant rate may end before. */
  readonly steps: number;
}

/** A run. Costs are multiplications, backward passes included. */
export interface RunLine extends RunKey {
  /** Held-out losses by the run's own steps. */
  readonly curve: readonly Point[];
  readonly stepCost: number;
  /** Of the operator's training and use. */
  readonly growthCost: number;
  /** Of training the network it grew from. */
  readonly sourceCost: number;
  readonly seconds: number;
  readonly growth?: GrowthReport;
}

export function readRuns(subject: string): RunLine[] {
  return readLines(fileOf(subject));
}

export function isOf(line: RunLine, key: RunKey): boolean {
  return (['arm', 'seed', 'learningRate', 'schedule', 'steps'] as const).every((name) => line[name] === key[name]);
}

/** Appends a run. @throws AppError 'invalid-argument' if the code is no commit */
export function appendRun(subject: string, line: RunLine): void {
  appendResult(fileOf(subject), line);
}

/** The file of a trained source; these are not committed. */
export function sourceFile(subject: string, { arm, seed, schedule, learningRate }: RunKey): string {
  return runFile('growth', `${subject}-${arm}-${seed}-${schedule}-${learningRate}.safetensors`);
}

function fileOf(subject: string): string {
  return resultsFile('growth', `${subject}.jsonl`);
}
