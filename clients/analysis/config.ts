/** The settings of the analysis engine: flags of `tengen analysis` and of the bundle. */

import { choice, flag, integer, number, type ConfigOf } from '../../src/core/config.js';

/** Whose side the numbers of an answer take. */
export const perspectives = ['black', 'white', 'sidetomove'] as const;

/** How the analysis engine works; most of it can be said by each query. */
export const analysisSchema = {
  visits: integer(500, 1, 10_000_000, 'visits of a position whose query does not say'),
  positions: integer(8, 1, 256, 'positions that are analysed at once'),
  waiting: integer(
    20_000,
    1,
    1_000_000,
    'positions that may wait; beyond it no more queries are read until some are done',
  ),
  batch: integer(8, 1, 256, 'most leaves of one position that are evaluated at once'),
  reportWinratesAs: choice('black', perspectives, 'whose side the numbers take'),
  pvLength: integer(15, 1, 1000, 'moves of a variation after its first'),
  patience: number(20, 0, 25, 'seconds that a position waits for a server that is away or busy before it fails'),
  quitWithoutWaiting: flag(false, 'at the end of the input, leave what is not done'),
} as const;

/** Settings of one analysis engine, all present. */
export type AnalysisConfig = ConfigOf<typeof analysisSchema>;
