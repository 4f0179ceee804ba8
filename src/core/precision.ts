/** Precisions in which networks are computed, as those who ask and those who answer name them. */

/** What may be asked for: `auto` is the precision in which the server serves the version. */
export const askedPrecisions = ['auto', 'fp32'] as const;

export type AskedPrecision = (typeof askedPrecisions)[number];

/** What an answer was computed in. */
export type AnsweredPrecision = 'fp32' | 'int8';
