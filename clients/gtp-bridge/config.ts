/** The settings of the GTP bridge: flags of `tengen gtp` and of the bundle, and names for `kata-set-param`. */

import { choice, flag, integer, number, text, type ConfigOf } from '../../src/core/config.js';

export const bridgeSchema = {
  visits: integer(400, 1, 10_000_000, 'visits of the search tree for a move'),
  moveTime: number(0, 0, 86_400, 'seconds that a move may take at most; 0 for no limit'),
  analysisVisits: integer(50_000, 1, 10_000_000, 'visits after which an analysis rests until it is ended'),
  batch: integer(16, 1, 256, 'most leaves of the tree that are evaluated at once'),
  staticScore: number(0.1, 0, 1, 'what points are worth to the search beside winning, whatever the score'),
  dynamicScore: number(0.3, 0, 1, 'what points are worth to the search near the score that it expects'),
  temperature: number(
    0,
    0,
    2,
    'how much the first moves vary; it halves after every as many moves as the board has lines',
  ),
  resignBelow: number(0.05, 0, 0.5, 'winning chance below which the bridge resigns; 0 for never'),
  resignTurns: integer(3, 1, 1000, 'turns in a row for which the chance must be below that'),
  playOut: flag(false, 'after a pass of the opponent, play on even where passing wins with the stones as they stand'),
  ponder: flag(false, "go on searching while it is the opponent's turn"),
  lag: number(1, 0, 60, 'seconds of the clock kept in reserve for the way to the referee and back'),
  engineName: text('Tengen', 'what `name` answers; Lizzie takes an engine for KataGo if its name starts so'),
  patience: number(20, 0, 25, 'seconds that a command waits for a server that is away or busy before it fails'),
  komi: text('', 'komi of the first game; empty for the fair one of the board size'),
  ko: choice('positional', ['simple', 'positional', 'situational'], 'which repetitions are forbidden'),
  suicide: flag(false, "whether a play may remove the player's own chain"),
} as const;

/** Settings of one bridge, all present. */
export type BridgeConfig = ConfigOf<typeof bridgeSchema>;
