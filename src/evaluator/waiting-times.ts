/**
 * How long positions waited for the network, as counts by time: enough for quantiles over any stretch of a run, in a
 * fixed few numbers.
 */

/** Upper limits of the counts, in microseconds: 50 µs, then half as much again each, up to six minutes. One more count is beyond. */
export const waitingLimitsMicros: readonly number[] = Array.from({ length: 40 }, (_, i) => 50 * 1.5 ** i);

/** Counts that only grow. */
export class WaitingTimes {
  readonly #counts = new Float64Array(waitingLimitsMicros.length + 1);

  /** Counts `positions` that waited `micros`. */
  add(micros: number, positions: number): void {
    const bucket = Math.ceil(Math.log(Math.max(micros, 1) / 50) / Math.log(1.5));
    this.#counts[Math.min(waitingLimitsMicros.length, Math.max(0, bucket))]! += positions;
  }

  /** The counts as they are now, one more than there are limits. */
  counts(): readonly number[] {
    return [...this.#counts];
  }
}

/** The time in milliseconds within which a share of the positions was taken, linear between limits; 0 without positions. */
export function waitingQuantileMs(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (let bucket = 0; bucket < waitingLimitsMicros.length; bucket++) {
    const count = counts[bucket]!;
    if (count > 0 && below + count >= share * total) {
      const lower = bucket === 0 ? 0 : waitingLimitsMicros[bucket - 1]!;
      const within = Math.max(0, share * total - below) / count;
      return (lower + within * (waitingLimitsMicros[bucket]! - lower)) / 1000;
    }
    below += count;
  }
  return total === 0 ? 0 : waitingLimitsMicros.at(-1)! / 1000;
}
