/** The schema of the settings of an `alphazero` job by which its games become training positions, labels and losses. */

import { choice, flag, integer, number } from '../../core/config.js';
import { branchPoints, lcrEstimators } from '../../methods/branching/settings.js';
import { valueLabels } from '../../methods/branching/value-label.js';

/** The size of the replay window. */
export const windowSchema = {
  windowMin: integer(
    8000,
    1,
    100_000_000,
    'c in the size of the replay window after N positions, W(N) = c (1 + β ((N / c)^α − 1) / α); up to c positions the window holds every position.',
  ),
  windowExponent: number(
    0.75,
    0,
    1,
    'α in the size of the replay window (see windowMin): with 1 the window grows linearly, with 0 by the logarithm of N.',
  ),
  windowScale: number(
    0.4,
    0,
    1,
    'β in the size of the replay window (see windowMin): positions that the window grows by for each new position at N = c.',
  ),
} as const;

/** How games branch into trees, and how positions of trees are labelled. */
export const treeSchema = {
  variations: integer(
    1,
    1,
    1000,
    'Games in a game tree; every game after the first branches off where the result is uncertain. 1 never branches.',
  ),
  branchPoints: choice(
    'uncertain',
    branchPoints,
    'Positions at which games branch off: uncertain ones, or random ones for comparison.',
  ),
  branchEstimator: choice(
    'pairs',
    lcrEstimators,
    'How the Label Change Rate of a position is estimated from the search value and the results of games (docs/methods/branching.md).',
  ),
  branchStrength: number(
    10,
    0.01,
    100_000,
    'Number of games that the search value counts as in the estimate of the Label Change Rate.',
  ),
  branchThreshold: number(0.48, 0, 0.5, 'Label Change Rate above which games may branch off at a position.'),
  adaptiveThreshold: flag(
    true,
    'Lower branchThreshold for a game tree in which few positions would be eligible, as on small boards, where the first move decides much.',
  ),
  moveNumberWeight: flag(true, 'Draw branch points in proportion to their move number instead of evenly.'),
  branchTemperature: number(
    1,
    0.01,
    100,
    'Temperature at which the first move of a branch is drawn from the search policy.',
  ),
  branchAfter: integer(0, 0, 1_000_000_000, 'Positions that must be collected before games branch.'),
  valueLabel: choice(
    'mean',
    valueLabels,
    "Value label of a position: mean of the results of all games through the position, own result (of the first of these games), mean of the moves' values weighted by the search policy, or posterior mean with the search value as prior.",
  ),
  labelStrength: number(
    1,
    0,
    100_000,
    "Number of games that the search value counts as in the 'posterior' value label.",
  ),
} as const;

/** How much each part of the loss counts. */
export const lossSchema = {
  policyLossWeight: number(1, 0, 100, 'Weight of the policy loss.'),
  valueLossWeight: number(1, 0, 100, 'Weight of the value loss.'),
  ownershipLossWeight: number(0.5, 0, 100, 'Weight of the ownership loss.'),
  scoreLossWeight: number(0.1, 0, 100, 'Weight of the score loss.'),
} as const;

/** All of these settings. */
export const goDataSchema = {
  size: integer(7, 2, 19, 'Board size: points on a side of the board.'),
  cheapPositions: choice(
    'skip',
    ['skip', 'value'],
    'Use of positions of cheap searches in training: skip leaves them out, value trains value, score and ownership on them.',
  ),
  ...windowSchema,
  ...treeSchema,
  valueMix: number(
    0.2,
    0,
    1,
    'Share of the root value of the search in the value target; the rest is the value label.',
  ),
  ...lossSchema,
} as const;
