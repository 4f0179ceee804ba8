/** What is grown in a comparison: networks of two sizes, their task, and what a step of each costs. */

import type { GrowthPlan } from '../../src/methods/growth/family.js';
import type { OperatorSettings } from '../../src/methods/growth/settings.js';
import type { Weights } from '../../src/nn/model-file.js';
import type { Task } from '../../src/trainer/grow/task.js';

/** A kind of network with its data. */
export interface Subject<A> {
  /** Names the result files: growth-NAME.json. */
  readonly name: string;
  readonly small: A;
  /** As deep as the small one and as wide as the target: what is stacked. */
  readonly shallow: A;
  readonly target: A;
  /** Steps of the small networks, and of the one that starts from scratch. */
  readonly smallSteps: number;
  readonly steps: number;
  readonly evaluationSteps: number;
  /** Tried for the network from scratch with the first seed; the best is used by all. */
  readonly learningRates: readonly number[];
  readonly operatorSteps: number;
  readonly operatorRate: number;
  initial(architecture: A, seed: number): Weights;
  plan(from: A, to: A, coupling: OperatorSettings['coupling']): GrowthPlan;
  /** Data in the order of a seed; the same for every arm. */
  task(seed: number): Task<A>;
  /** The same with held-out batches of its own, by which operators are chosen. */
  operatorTask(seed: number): Task<A>;
  /** Multiplications of one forward pass of a batch. */
  forwardCost(architecture: A): number;
}
