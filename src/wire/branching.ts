/** Settings and trees of the branching method ↔ messages. */

import { check } from '../core/errors.js';
import { GameTree, type SearchedPosition, type TreeNode } from '../methods/branching/game-tree.js';
import { branchPoints, lcrEstimators, type BranchSettings } from '../methods/branching/settings.js';
import { valueLabels, type ValueLabel } from '../methods/branching/value-label.js';
import type * as pb from '../proto/tengen/v1/branching.js';
import { wordOf } from './enums.js';

/** Largest trees that are accepted; the work that a tree makes grows with these, and whoever sends it waits alone. */
const MOST_VARIATIONS = 1000;
const MOST_POSITIONS = 200_000;
const MOST_MOVES = 1_000_000;
const MOST_POLICY_MOVES = 16_384;

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
  checkStrength(strength);
  check(temperature > 0 && temperature < Infinity, () => `temperature is ${temperature}; it must be above 0`);
  const points = wordOf('points', message.points, [branchPoints[0], ...branchPoints]);
  const estimator = wordOf('estimator', message.estimator, [lcrEstimators[0], ...lcrEstimators]);
  return { variations, points, estimator, strength, threshold, adaptiveThreshold, moveNumberWeight, temperature };
}

/** @throws AppError 'invalid-argument' for a number without a meaning */
export function valueLabelFromWire(message: pb.ValueLabel): ValueLabel {
  return wordOf('label', message, [valueLabels[0], ...valueLabels]);
}

/** @throws AppError 'invalid-argument' if games that the search value counts for are not above 0 */
export function checkStrength(strength: number): void {
  check(strength > 0 && strength < Infinity, () => `strength is ${strength}; it must be above 0`);
}

export interface SentTree {
  readonly tree: GameTree;
  /** One for every position of the message, in its order; those that were not searched are not among `tree.positions`. */
  readonly nodes: readonly TreeNode[];
}

/** @throws AppError 'invalid-argument' saying which game or position is wrong or does not continue the ones before it */
export function treeFromWire(message: pb.BranchTree | undefined): SentTree {
  const variations = message?.variations ?? [];
  const count = (lengthOf: (variation: pb.BranchVariation) => number): number =>
    variations.reduce((sum, variation) => sum + lengthOf(variation), 0);
  const has = (what: string, seen: number, least: number, most: number): void =>
    check(seen >= least && seen <= most, () => `The tree has ${seen} ${what}; it must have ${least} to ${most}`);
  has('variations', variations.length, 1, MOST_VARIATIONS);
  has(
    'moves',
    count(({ moves }) => moves.length),
    0,
    MOST_MOVES,
  );
  has(
    'positions',
    count(({ positions }) => positions.length),
    0,
    MOST_POSITIONS,
  );
  const tree = new GameTree();
  const nodes = variations.flatMap(({ moves, sharedMoves, positions, result }, index) => {
    const searched = positions.map((position, i) => positionFromWire(position, `variations[${index}].positions[${i}]`));
    return tree.add({ moves, sharedMoves, positions: searched, result }).slice(sharedMoves, moves.length);
  });
  return { tree, nodes };
}

/** Undefined if there was no search. */
function positionFromWire(position: pb.BranchPosition, where: string): SearchedPosition | undefined {
  const { policyMoves, policyWeights, winRate, excluded } = position;
  const [moves, weights] = [policyMoves.length, policyWeights.length];
  check(moves === weights, () => `${where} has ${moves} policy_moves and ${weights} policy_weights; as many of each`);
  if (moves === 0 && excluded) return undefined;
  check(
    moves >= 1 && moves <= MOST_POLICY_MOVES,
    () => `${where} has ${moves} policy_moves; it must have 1 to ${MOST_POLICY_MOVES}, or be excluded and have none`,
  );
  check(winRate >= 0 && winRate <= 1, () => `${where} has win_rate ${winRate}; it must be from 0 to 1`);
  const policy = new Float64Array(2 * moves);
  let total = 0;
  const seen = new Set<number>();
  policyMoves.forEach((move, i) => {
    check(!seen.has(move), () => `${where} has move ${move} twice in policy_moves; each must be there once`);
    seen.add(move);
    const weight = policyWeights[i]!;
    check(weight >= 0 && weight < Infinity, () => `${where} has policy weight ${weight}; it must be 0 or more`);
    policy[2 * i] = move;
    policy[2 * i + 1] = weight;
    total += weight;
  });
  check(total > 0 || excluded, () => `${where} has policy_weights that are all 0`);
  return { policy, winRate, isCandidate: !excluded };
}
