/** What is grown in a comparison: networks of two sizes, their task, and what a step of each costs. */

import type { GrowthPlan } from '../../src/methods/growth/bundle.js';
import type { OperatorSettings } from '../../src/methods/growth/settings.js';
import type { Weights } from '../../src/nn/model-file.js';
import type { Task } from '../../src/trainer/growth/task.js';
import type { Schedule } from './lines.js';

/** A kind of network with its data. */
export interface Subject<A> {
  /** Names the files of results: NAME.jsonl. */
  readonly name: string;
  readonly small: A;
  /** As deep as the small one and as wide as the target: what is stacked. */
  readonly shallow: A;
  readonly target: A;
  /** Steps of the small network, and of the target from scratch, by how the learning rate goes on. */
  readonly lengths: Readonly<Record<Schedule, { readonly small: number; readonly target: number }>>;
  /** Tried with the first seed; see experiments.ts. */
  readonly learningRates: readonly number[];
  /** The comparison whose choice of learning rates this one takes over, instead of trying them. */
  readonly ratesOf?: string;
  readonly operatorSteps: number;
  readonly operatorRate: number;
  initial(architecture: A, seed: number): Weights;
  plan(from: A, to: A, coupling: OperatorSettings['coupling']): GrowthPlan;
  /** Multiplications of one forward pass of a batch. */
  forwardCost(architecture: A): number;
  /** Reads the data, which `--report` does without. */
  data(): Promise<SubjectData<A>>;
}

export interface SubjectData<A> {
  /** Batches in the order of a seed; the same for every arm. */
  task(seed: number): Task<A>;
  /** The same with held-out batches of its own, by which operators are chosen. */
  operatorTask(seed: number): Task<A>;
}
