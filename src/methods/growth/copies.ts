/** Which unit or layer of the source each one of the target is a copy of. */

import type { LayerCopies } from './bundle.js';

/** The units of the source one after another, again and again. */
export function repeated(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, unit) => unit % from);
}

/** Layers: stacked, and each beside its copies. */
export function layerCopies(from: number, to: number): LayerCopies {
  return {
    stacked: repeated(from, to),
    exact: Array.from({ length: to }, (_, layer) => Math.floor((layer * from) / to)),
  };
}

/** Heads that share keys and values in groups: the units of attention. */
export interface Heads {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
}

/** Of the units of all query heads: a head's copy is in the group of a copy of its keys, so that it sees the same. */
export function headCopies(from: Heads, to: Heads): number[] {
  const [small, large] = [from.heads / from.keyValueHeads, to.heads / to.keyValueHeads];
  return Array.from({ length: to.heads * to.headWidth }, (_, unit) => {
    const head = Math.floor(unit / to.headWidth);
    const group = Math.floor(head / large) % from.keyValueHeads;
    return (group * small + ((head % large) % small)) * from.headWidth + (unit % to.headWidth);
  });
}
