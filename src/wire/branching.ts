/** Settings and trees of the branching method ↔ messages. */

import { check } from '../core/errors.js';
import type { NewVariation, SearchedPosition } from '../methods/branching/game-tree.js';
import { branchPoints, lcrEstimators, type BranchSettings } from '../methods/branching/settings.js';
import { valueLabels, type ValueLabel } from '../methods/branching/value-label.js';
import type * as pb from '../proto/tengen/v1/branching.js';

/** Most games in a tree that are accepted. */
const MOST_VARIATIONS = 1000;

/** Settings as a message. */
export function branchSettingsToWire(settings: BranchSettings): pb.BranchSettings {
  const { points, estimator, ...same } = settings;
  return {
    ...same,
    points: (branchPoints.indexOf(points) + 1) as pb.BranchPoints,
    estimator: (lcrEstimators.indexOf(estimator) + 1) as pb.LcrEstimator,
  };
}

/** @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed */
export function branchSettingsFromWire(message: pb.BranchSettings): BranchSettings {
  const { variations, strength, threshold, temperature, adaptiveThreshold, moveNumberWeight } = message;
  const within = (name: string, value: number, least: number, most: number): void =>
    check(value >= least && value <= most, () => `${name} is ${value}; it must be from ${least} to ${most}`);
  within('variations', variations, 1, MOST_VARIATIONS);
  within('threshold', threshold, 0, 0.5);
  check(strength > 0 && strength < Infinity, () => `strength is ${strength}; it must be above 0`);
  check(temperature > 0 && temperature < Infinity, () => `temperature is ${temperature}; it must be above 0`);
  const points = choice('points', branchPoints, message.points);
  const estimator = choice('estimator', lcrEstimators, message.estimator);
  return { variations, points, estimator, strength, threshold, adaptiveThreshold, moveNumberWeight, temperature };
}

/** @throws AppError 'invalid-argument' for a number without a meaning */
export function valueLabelFromWire(message: pb.ValueLabel): ValueLabel {
  return choice('label', valueLabels, message);
}

/** The variations of a tree; whether they fit together is for `GameTree.add` to say. */
export function variationFromWire(message: pb.BranchVariation): NewVariation {
  const { moves, sharedMoves, positions, result } = message;
  return { moves, sharedMoves, positions: positions.map(positionFromWire), result };
}

function positionFromWire({ policyMoves, policyWeights, winRate, excluded }: pb.BranchPosition): SearchedPosition {
  check(
    policyMoves.length === policyWeights.length && (policyMoves.length > 0 || excluded),
    () =>
      `A position has ${policyMoves.length} policy_moves and ${policyWeights.length} policy_weights; as many of each`,
  );
  check(winRate >= 0 && winRate <= 1, () => `A position has win_rate ${winRate}; it must be from 0 to 1`);
  const policy = new Float64Array(2 * policyMoves.length);
  let total = 0;
  policyMoves.forEach((move, i) => {
    const weight = policyWeights[i]!;
    check(weight >= 0 && weight < Infinity, () => `A policy weight is ${weight}; it must not be negative`);
    policy.set([move, weight], 2 * i);
    total += weight;
  });
  check(total > 0 || excluded, 'The policy_weights of a position are all 0');
  return { policy, winRate, isCandidate: !excluded };
}

/** The word for an enum number; 0, not given, is the first one. */
function choice<T extends string>(name: string, words: readonly T[], value: number): T {
  const word = words[Math.max(0, value - 1)];
  check(word !== undefined, () => `${name} is ${value}; it must be from 1 (${words[0]!}) to ${words.length}`);
  return word;
}
