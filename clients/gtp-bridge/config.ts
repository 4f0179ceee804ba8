/** The settings of the GTP bridge: flags of `tengen gtp` and of the bundle, and names for `kata-set-param`. */

import { choice, flag, integer, number, text, type ConfigOf } from '../../src/core/config.js';
import { askedPrecisions } from '../../src/core/precision.js';
import { searchPlaceDoc, searchPlaces } from '../shared/search-place.js';
import { playerSchema } from '../../src/player/config.js';

export const bridgeSchema = {
  visits: integer(400, 1, 10_000_000, 'Visits of the search tree for a move.'),
  moveTime: number(0, 0, 86_400, 'Most seconds for a move; 0 sets no limit.'),
  analysisVisits: integer(
    50_000,
    1,
    10_000_000,
    'Visits at which the search of an analysis stops; the analysis itself lasts until it is ended.',
  ),
  ...playerSchema,
  playOut: flag(
    false,
    'Keep playing after the opponent passes, even where a pass wins with the stones on the board counted as they stand.',
  ),
  ponder: flag(false, 'Keep searching while the opponent is to move.'),
  lag: number(1, 0, 60, 'Seconds of the clock kept in reserve for the transmission of moves.'),
  engineName: text(
    'Tengen',
    'Answer to the GTP command name; Lizzie takes an engine whose name begins with KataGo for KataGo.',
  ),
  patience: number(
    20,
    0,
    25,
    'Seconds that a command waits for a server that cannot be reached or is busy, before the command fails.',
  ),
  precision: choice(
    'auto',
    askedPrecisions,
    'Precision of the evaluations: fp32 (float32), or auto, which is the precision in which the server serves the model when a game begins; that precision stays until the next game.',
  ),
  search: choice('auto', searchPlaces, searchPlaceDoc),
  komi: text('', 'Komi of the first game; if komi is empty, the fair komi of the board size.'),
  ko: choice(
    'positional',
    ['simple', 'positional', 'situational'],
    'Ko rule: which repetitions of a position are forbidden.',
  ),
  suicide: flag(false, 'Whether a move may remove its own chain.'),
} as const;

/** Settings of one bridge, all present. */
export type BridgeConfig = ConfigOf<typeof bridgeSchema>;
