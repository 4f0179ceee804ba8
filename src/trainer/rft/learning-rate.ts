/** The learning rate of an `rft` job. */

import { makeSchedule } from '../../nn/optimizers/schedules.js';
import type { RftLoopSettings } from './config.js';

/** The learning rate of each step, from 0. */
export function learningRateOf({
  schedule,
  learningRate,
  warmupSteps,
  steps,
}: RftLoopSettings): (step: number) => number {
  if (learningRate === 0) return () => 0;
  // A job shorter than its warm-up only warms up.
  return makeSchedule({
    decay: schedule,
    peak: learningRate,
    final: 0,
    warmupSteps: Math.min(warmupSteps, steps - 1),
    totalSteps: steps,
  });
}
