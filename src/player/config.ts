/** The settings of a player: how it searches, how it chooses a move, when it resigns. */

import { choice, integer, number, type ConfigOf } from '../core/config.js';

/** What positions share that are reached by different orders of moves, in the order of the protocol's numbers. */
export const sharings = ['none', 'evaluations', 'statistics'] as const;

export const playerSchema = {
  batch: integer(
    0,
    0,
    1024,
    'Most leaves of the search tree in flight, sent to the server and not answered; 0 takes as many as keep the server busy. With 1 the same search gives the same tree every time.',
  ),
  transpositions: choice(
    'none',
    sharings,
    'What positions in the search share that are reached by different orders of moves: nothing; the evaluation, where the network sees the same; or the statistics of the search, so that the tree becomes a graph.',
  ),
  staticScore: number(
    0.1,
    0,
    1,
    "Weight of the expected score around zero in the utility of the search (KataGo's staticScoreUtilityFactor).",
  ),
  dynamicScore: number(
    0.3,
    0,
    1,
    "Weight of the expected score around the score at the root in the utility of the search (KataGo's dynamicScoreUtilityFactor).",
  ),
  temperature: number(
    0,
    0,
    2,
    'Temperature at which the first move of a game is drawn by visits; the temperature halves whenever as many moves have been played as the board has lines. 0 plays the best move.',
  ),
  resignBelow: number(0.05, 0, 0.5, 'Winning chance below which the player resigns; 0 never resigns.'),
  resignTurns: integer(
    3,
    1,
    1000,
    'Own turns in a row on which the winning chance must be below resignBelow before the player resigns.',
  ),
} as const;

/** Settings of one player, all present. */
export type PlayerConfig = ConfigOf<typeof playerSchema>;
