/** The settings of a player: how it searches, how it chooses a move, when it resigns. */

import { integer, number, type ConfigOf } from '../core/config.js';

export const playerSchema = {
  batch: integer(16, 1, 256, 'most leaves of the tree that are evaluated at once'),
  staticScore: number(0.1, 0, 1, 'what points are worth to the search beside winning, whatever the score'),
  dynamicScore: number(0.3, 0, 1, 'what points are worth to the search near the score that it expects'),
  temperature: number(
    0,
    0,
    2,
    'how much the first moves vary; it halves after every as many moves as the board has lines',
  ),
  resignBelow: number(0.05, 0, 0.5, 'winning chance below which the player resigns; 0 for never'),
  resignTurns: integer(3, 1, 1000, 'turns in a row for which the chance must be below that'),
} as const;

/** Settings of one player, all present. */
export type PlayerConfig = ConfigOf<typeof playerSchema>;
