/** The settings of a review: flags of `tengen review`. */

import { choice, integer, type ConfigOf } from '../../src/core/config.js';
import { askedPrecisions } from '../../src/core/precision.js';
import { searchPlaceDoc, searchPlaces } from '../shared/search-place.js';

/** How a game is reviewed. */
export const reviewSchema = {
  visits: integer(200, 1, 10_000_000, 'Visits of each position.'),
  positions: integer(8, 1, 64, 'Positions that are searched at once.'),
  precision: choice(
    'auto',
    askedPrecisions,
    'Precision of the evaluations: fp32 (float32), or auto, in which the server serves the model.',
  ),
  search: choice('auto', searchPlaces, searchPlaceDoc),
} as const;

/** Settings of one review, all present. */
export type ReviewConfig = ConfigOf<typeof reviewSchema>;
