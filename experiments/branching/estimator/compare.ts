/** The rate that was estimated beside the share of pairs of replays that ended differently, over bins of positions. */

import { mean } from '../../../bench/shared/statistics.js';

/** Plies that are averaged together: a pair of games is one coin, so a mean over few positions says nothing. */
const PLIES_A_BIN = 8;
/** Bins with fewer positions are left out of the curve. */
const LEAST_A_BIN = 100;

/** A position and its two replays. */
export interface Pair {
  readonly ply: number;
  /** The Label Change Rate of the position. */
  readonly lcr: number;
  /** 1 if the replays had different winners, 0 if not. */
  readonly changed: number;
}

interface Bin {
  readonly key: number;
  readonly count: number;
  readonly pairs: readonly Pair[];
}

/** Keys: curve (by ply) with curveRmse and noiseRmse, reliability (by estimated rate). */
export function compare(pairs: readonly Pair[]): Record<string, unknown> {
  const byPly = bins(pairs, ({ ply }) => Math.floor(ply / PLIES_A_BIN));
  const curve = byPly
    .filter(({ count }) => count >= LEAST_A_BIN)
    .map((bin) => ({ ply: (bin.key + 0.5) * PLIES_A_BIN, ...shown(bin) }));
  const reliability = bins(pairs, ({ lcr }) => Math.min(9, Math.floor(lcr * 20))).map((bin) => ({
    from: bin.key / 20,
    ...shown(bin),
  }));
  return {
    curveRmse: Math.sqrt(mean(curve.map(({ empirical, estimated }) => (empirical - estimated) ** 2))),
    // What the curve would show if the estimate were exact: the noise of the coins alone.
    noiseRmse: Math.sqrt(mean(curve.map(({ estimated, count }) => (estimated * (1 - estimated)) / count))),
    curve,
    reliability,
  };
}

function bins(of: readonly Pair[], keyOf: (pair: Pair) => number): Bin[] {
  const groups = new Map<number, Pair[]>();
  for (const pair of of) {
    const group = groups.get(keyOf(pair));
    if (group) group.push(pair);
    else groups.set(keyOf(pair), [pair]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([key, members]) => ({ key, count: members.length, pairs: members }));
}

function shown({ count, pairs: members }: Bin): { estimated: number; empirical: number; count: number } {
  return { count, estimated: mean(members.map(({ lcr }) => lcr)), empirical: mean(members.map((p) => p.changed)) };
}
