/** The pool in the order in which a window passes over it. */

import { Rng, type Seed } from '../../core/rng.js';
import { concentration, residualConcentrations } from './angle.js';
import type { AngleScore, Prompt } from './curriculum.js';

/** Orders: by angle concentration, the same without length, and the controls that share everything else. */
export type OrderKind = 'gain' | 'gain-debiased' | 'length-first' | 'random-order';

/**
 * Indices of the pool, what comes first first: high concentration, or short questions. Ties, and the whole random order,
 * are broken by the seed, so that constant scores give the random order.
 *
 * @param scores of the pool; for the orders by angle alone
 */
export function orderOf(
  kind: OrderKind,
  pool: readonly Prompt[],
  options: { readonly seed: Seed; readonly scores?: readonly AngleScore[]; readonly withinFamily?: boolean },
): number[] {
  const keys = keysOf(kind, pool, options.scores);
  const chance = new Rng(options.seed).fork(1).shuffle(pool.map((_, i) => i));
  const order = chance.sort((a, b) => keys[b]! - keys[a]!);
  return options.withinFamily ? mergeFamilies(order, pool) : order;
}

function keysOf(kind: OrderKind, pool: readonly Prompt[], scores: readonly AngleScore[] = []): readonly number[] {
  if (kind === 'gain') return scores.map(concentration);
  if (kind === 'gain-debiased') return residualConcentrations(scores);
  return pool.map(({ length }) => (kind === 'length-first' ? -length : 0));
}

/** By quantile within the family: concentrations differ more between families than within them. */
function mergeFamilies(order: readonly number[], pool: readonly Prompt[]): number[] {
  const families = new Map<string, number[]>();
  for (const index of order) {
    const { family } = pool[index]!;
    const members = families.get(family) ?? [];
    families.set(family, members);
    members.push(index);
  }
  const quantiles = new Map<number, number>();
  for (const members of families.values())
    members.forEach((index, place) => quantiles.set(index, (place + 0.5) / members.length));
  return [...order].sort((a, b) => quantiles.get(a)! - quantiles.get(b)!);
}
