/**
 * A run of a network keeps its thread, and part of the processor's cache and memory, until it is done. Runs for which nobody
 * waits are short, so that whoever comes has the machine soon.
 */

import { type GoArchitecture, goParameters } from '../../nn/networks/go-network.js';
import { sizeOf } from '../../nn/types.js';

/** Multiplications of a run: a core of 2020 makes them in about 25 ms in float32. */
const MULTIPLICATIONS = 2e9;
/** More positions at once are hardly cheaper each. */
const MOST_POSITIONS = 32;

/** How many positions on boards of `size` a short run has; one at least. Nearly every weight meets every point. */
export function positionsInRun(architecture: GoArchitecture, size: number): number {
  const weights = goParameters(architecture).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const positions = Math.floor(MULTIPLICATIONS / (weights * size * size));
  return Math.max(1, Math.min(MOST_POSITIONS, positions));
}

/** Parts of `count` items; the last may have fewer. */
export function inParts<T>(items: readonly T[], count: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / count) }, (_, i) => items.slice(i * count, (i + 1) * count));
}
