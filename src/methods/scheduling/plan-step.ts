/** Plans one training step by a policy. */

import type { Cluster, Policy, PolicyOptions, StepPlan } from './plan.js';

/**
 * Puts every sequence of a global batch into a micro-batch of one data-parallel rank, local or sharded. Pure: equal
 * arguments give equal plans, so every rank may compute it for itself.
 *
 * @param lengths tokens of each sequence, integers of at least 1
 * @throws AppError 'invalid-argument' if an argument is out of its range or a sequence does not fit its group
 */
export declare function planStep(
  policy: Policy,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options?: PolicyOptions,
): StepPlan;
