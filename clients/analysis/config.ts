/** The settings of the analysis engine: flags of `tengen analysis` and of the bundle. */

import { choice, flag, integer, number, text, type ConfigOf } from '../../src/core/config.js';
import { playerSchema } from '../../src/player/config.js';
import { searchPlaceDoc, searchPlaces } from '../shared/search-place.js';
import { askedPrecisions } from '../../src/core/precision.js';

/** Whose side the numbers of an answer take. */
export const perspectives = ['black', 'white', 'sidetomove'] as const;

/** How the analysis engine works; most of it can be said by each query. */
export const analysisSchema = {
  visits: integer(500, 1, 10_000_000, 'Visits of a position whose query does not give a number.'),
  positions: integer(8, 1, 256, 'Positions that are analysed at once.'),
  waiting: integer(
    20_000,
    1,
    1_000_000,
    'Most positions that wait; at this number the engine reads no more queries until positions are done.',
  ),
  batch: integer(
    8,
    0,
    1024,
    'Most leaves of the search tree of one position in flight; 0 takes as many as keep the server busy.',
  ),
  transpositions: playerSchema.transpositions,
  reportWinratesAs: choice('black', perspectives, 'Side from which win rates and scores are reported.'),
  precision: choice(
    'auto',
    askedPrecisions,
    'Precision of the evaluations: fp32 (float32), or auto, which is the precision in which the server serves the model when the first position of a game is analysed; that precision stays until the next game.',
  ),
  search: choice('auto', searchPlaces, searchPlaceDoc),
  ignorePreRootHistory: flag(
    true,
    'Whether the network is not shown the moves before the analysed position, but for ko and repetition.',
  ),
  pvLength: integer(15, 1, 1000, 'Moves of a variation after its first move.'),
  patience: number(
    20,
    0,
    25,
    'Seconds that a position waits for a server that cannot be reached or is busy, before its analysis fails.',
  ),
  listen: text('', 'HOST:PORT at which programs connect over WebSockets, in place of standard input and output.'),
  listenCert: text('', 'PEM file with the certificate for --listen; turns TLS on there.'),
  listenKey: text('', 'PEM file with the private key of --listen-cert.'),
  listenTokenFile: text('', 'File that holds the token that programs must know to connect at --listen.'),
  connections: integer(64, 1, 4096, 'Most programs that are connected at --listen at once.'),
  quitWithoutWaiting: flag(
    false,
    'At the end of the input, drop the positions that are not done instead of finishing them.',
  ),
} as const;

/** Settings of one analysis engine, all present. */
export type AnalysisConfig = ConfigOf<typeof analysisSchema>;
