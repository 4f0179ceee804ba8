/**
 * Sequential halving (Karnin et al. 2013) as the visit-count tables of mctx (`_src/seq_halving.py`): the action to
 * simulate next is the best-scored one among those with exactly the considered number of visits.
 */

/**
 * The considered visit count of each of `simulations` simulations when `actions` actions are considered.
 * Example: 4 actions, 8 simulations → 0 0 0 0 1 1 2 2.
 */
export function consideredVisits(actions: number, simulations: number): Int32Array {
  const sequence = new Int32Array(simulations);
  if (actions <= 1) return sequence.map((_, i) => i);
  const phases = Math.ceil(Math.log2(actions));
  let considered = actions;
  let visits = 0;
  let filled = 0;
  while (filled < simulations) {
    // The actions still considered have equal counts: those dropped earlier are never looked at again.
    const extra = Math.max(1, Math.floor(simulations / (phases * considered)));
    for (let i = 0; i < extra; i++, visits++) {
      sequence.fill(visits, filled, filled + considered);
      filled += considered;
    }
    considered = Math.max(2, Math.floor(considered / 2));
  }
  return sequence;
}

const cache = new Map<string, Int32Array>();

/** As `consideredVisits`, remembered: a self-play worker asks for the same few tables at every move. */
export function cachedConsideredVisits(actions: number, simulations: number): Int32Array {
  const key = `${actions}/${simulations}`;
  let table = cache.get(key);
  if (!table) {
    if (cache.size > 1000) cache.clear();
    cache.set(key, (table = consideredVisits(actions, simulations)));
  }
  return table;
}
