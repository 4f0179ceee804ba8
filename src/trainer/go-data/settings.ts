/**
 * The settings of an `alphazero` job that say what its network is trained on. Other jobs that train on the games of that job
 * read these settings, and none of the others.
 */

import { readConfig, type ConfigOf } from '../../core/config.js';
import type { BranchSettings } from '../../methods/branching/settings.js';
import type { LossWeights } from '../../nn/networks/go-loss.js';
import { windowSize } from './replay-window.js';
import { goDataSchema, type lossSchema, type treeSchema, type windowSchema } from './schema.js';
import type { TreeLabelOptions } from './tree-labels.js';

export type GoDataSettings = ConfigOf<typeof goDataSchema>;

/**
 * Reads these settings from all those of an `alphazero` job.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readGoDataSettings(config: Readonly<Record<string, unknown>>): GoDataSettings {
  return readConfig(goDataSchema, Object.fromEntries(Object.keys(goDataSchema).map((key) => [key, config[key]])));
}

/** Newest positions to train on when `total` have been collected. */
export function windowOf(total: number, settings: ConfigOf<typeof windowSchema>): number {
  const { windowMin: min, windowExponent: exponent, windowScale: scale } = settings;
  return windowSize(total, { min, exponent, scale });
}

/** How the job's game trees are branched. */
export function branchSettings(settings: ConfigOf<typeof treeSchema>): BranchSettings {
  const { variations, adaptiveThreshold, moveNumberWeight } = settings;
  return {
    variations,
    adaptiveThreshold,
    moveNumberWeight,
    points: settings.branchPoints,
    estimator: settings.branchEstimator,
    strength: settings.branchStrength,
    threshold: settings.branchThreshold,
    temperature: settings.branchTemperature,
  };
}

/** How the positions of the job's game trees are labelled. */
export function labelOptions(settings: ConfigOf<typeof treeSchema>): TreeLabelOptions {
  return { branching: branchSettings(settings), label: settings.valueLabel, labelStrength: settings.labelStrength };
}

/** How much each part of the loss counts. */
export function lossWeights(settings: ConfigOf<typeof lossSchema>): LossWeights {
  return {
    policy: settings.policyLossWeight,
    value: settings.valueLossWeight,
    ownership: settings.ownershipLossWeight,
    score: settings.scoreLossWeight,
  };
}
