/**
 * What a position looks like to a network: a number of planes and globals, and how they are written. A model names its
 * feature set, which is never changed once models use it.
 */

import type { Snapshot } from './snapshot.js';

/** One way to make numbers of positions; see `features.ts` for those there are. */
export interface FeatureSet {
  /** Stored in every model that was trained on it. */
  readonly name: string;
  /** Number of planes, each [size, size]. */
  readonly planes: number;
  /** Number of values that describe the position as a whole. */
  readonly globals: number;
  /**
   * Writes the features of `snapshot` turned by `symmetry` (see `symmetry.ts`). Reads the snapshot as checked. Those of a
   * turned position are the turned features.
   *
   * @param planes gets [planes, size, size] row-major from `planesOffset`
   * @param globals gets [globals] from `globalsOffset`
   */
  write(
    snapshot: Snapshot,
    symmetry: number,
    planes: Float32Array,
    planesOffset: number,
    globals: Float32Array,
    globalsOffset: number,
  ): void;
}

/**
 * A triangle wave of period 2 in komi, zero at the komi values that allow a draw and half-way between them: on a full
 * board Black's and White's areas add up to size², so their difference has its parity (KataGo, "Parity of komi").
 *
 * @param komi for the side to move, in points
 */
export function parityWave(points: number, komi: number): number {
  const parity = points & 1;
  const above = komi - (Math.floor((komi - parity) / 2) * 2 + parity);
  return above < 0.5 ? above : above < 1.5 ? 1 - above : above - 2;
}
