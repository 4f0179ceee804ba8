/** The settings of the GTP bridge: flags of `tengen gtp` and of the bundle, and names for `kata-set-param`. */

import { choice, flag, integer, number, text, type ConfigOf } from '../../src/core/config.js';
import { playerSchema } from '../../src/player/config.js';

export const bridgeSchema = {
  visits: integer(400, 1, 10_000_000, 'visits of the search tree for a move'),
  moveTime: number(0, 0, 86_400, 'seconds that a move may take at most; 0 for no limit'),
  analysisVisits: integer(50_000, 1, 10_000_000, 'visits after which an analysis rests until it is ended'),
  ...playerSchema,
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
