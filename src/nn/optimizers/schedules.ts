/**
 * Learning-rate schedules: pure functions of the step, so a resumed run continues exactly. The training-step graph
 * takes the rate as an input.
 */

import { check } from '../../core/errors.js';

/** The learning rate for a step; steps count from 0. */
export type Schedule = (step: number) => number;

/** What the rate does after the warm-up. */
export const decays = ['constant', 'cosine', 'linear', 'step'] as const;

export interface ScheduleOptions {
  readonly decay: (typeof decays)[number];
  /** The rate at the end of the warm-up. */
  readonly peak: number;
  /** Steps over which the rate rises linearly to `peak`; step 0 already has `peak / (warmupSteps + 1)`. */
  readonly warmupSteps?: number;
  /** The step at which `cosine` and `linear` have come down to `final`; they stay there. */
  readonly totalSteps?: number;
  /** The lowest rate of `cosine` and `linear`; 0 unless given. */
  readonly final?: number;
  /** For `step`: the rate is multiplied by `factor` at each of these steps, ascending. */
  readonly milestones?: readonly number[];
  /** For `step`; 0.1 unless given. */
  readonly factor?: number;
}

/**
 * Builds the schedule.
 *
 * @throws AppError 'invalid-argument' if a number is missing or out of range
 */
export function makeSchedule(options: ScheduleOptions): Schedule {
  const { decay, peak, warmupSteps = 0, totalSteps = 0, final = 0, milestones = [], factor = 0.1 } = options;
  check(Number.isFinite(peak) && peak > 0, `The peak learning rate is ${peak}; it must be positive`);
  check(warmupSteps >= 0, `warmupSteps is ${warmupSteps}; it must not be negative`);
  check(final >= 0 && final <= peak, `The final learning rate is ${final}; it must be from 0 to the peak, ${peak}`);
  if (decay === 'cosine' || decay === 'linear') {
    check(totalSteps > warmupSteps, `totalSteps is ${totalSteps}; it must exceed the ${warmupSteps} warm-up steps`);
  }
  const decayed = (step: number): number => {
    const progress = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    switch (decay) {
      case 'constant':
        return peak;
      case 'cosine':
        return final + ((peak - final) * (1 + Math.cos(Math.PI * progress))) / 2;
      case 'linear':
        return peak + (final - peak) * progress;
      case 'step':
        return peak * factor ** milestones.filter((milestone) => step >= milestone).length;
    }
  };
  return (step) => (step < warmupSteps ? (peak * (step + 1)) / (warmupSteps + 1) : decayed(step));
}
