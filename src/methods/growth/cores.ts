/** The cores of an operator before any training: everything that the known ways of growing differ in. */

import { assert } from '../../core/errors.js';
import type { Rng } from '../../core/rng.js';
import { type Axis, type Bundle, ringOf } from './bundle.js';
import type { OperatorSettings } from './settings.js';

/** A core [left bond, source length, target length, right bond]. */
export interface Core {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
  /** Whether training may change it. */
  readonly isTrained: boolean;
  /** For each element the number of those that it stays equal to, if some must. */
  readonly orbits?: Int32Array;
}

/** The cores of all bundles by name; those that several bundles name are made once. */
export function initialCores(bundles: readonly Bundle[], settings: OperatorSettings, rng: Rng): Map<string, Core> {
  const cores = new Map<string, Core>();
  for (const bundle of bundles) {
    const bonds = bondsOf(bundle, settings);
    ringOf(bundle).forEach((axis, i, ring) => {
      const shape = [bonds[i]!, axis.from, axis.to, bonds[(i + 1) % ring.length]!] as const;
      const known = cores.get(axis.core!);
      assert(known === undefined || known.shape.join() === shape.join(), `core '${axis.core!}' has two shapes`);
      if (known === undefined) cores.set(axis.core!, makeCore(bundle, axis, shape, settings, rng));
    });
  }
  return cores;
}

/** The left bond of each core of the ring. */
export function bondsOf(bundle: Bundle, settings: OperatorSettings): number[] {
  const ring = ringOf(bundle).map(({ name }) => name);
  const rank = bundle.isCoupled ? settings.rank : 1;
  return ring.map((name, i) => {
    const before = ring[(i - 1 + ring.length) % ring.length]!;
    if (ring.length === 1) return 1;
    if (before === 'L' && name === 'B' && isExact(bundle, settings)) return Math.max(2, rank);
    if (before === 'O' && name === 'L' && takesNext(bundle, settings)) return Math.max(2, rank);
    return rank;
  });
}

/** Whether writers have a depth map of their own, by which new layers do nothing. */
function isExact({ writers }: Bundle, { depth }: OperatorSettings): boolean {
  return depth === 'exact' && writers.some(Boolean);
}

function takesNext({ isCoupled }: Bundle, { fromNextLayer }: OperatorSettings): boolean {
  return fromNextLayer && isCoupled;
}

function makeCore(bundle: Bundle, axis: Axis, shape: Core['shape'], settings: OperatorSettings, rng: Rng): Core {
  const [left, from, to, right] = shape;
  const data = new Float32Array(left * from * to * right);
  const { noise } = settings;
  const isFixed =
    (axis.name === 'K' && settings.taps === 'fixed') || (axis.name === 'B' && settings.coupling === 'per-type');
  const isTied = axis.name === 'K' && settings.taps === 'symmetric' && from === to && left * right === 1;
  if (noise > 0 && !isFixed && !isTied) {
    const deviation = noise / Math.sqrt(Math.max(left, right));
    for (let i = 0; i < data.length; i++) data[i] = deviation * rng.normal();
  }
  const put: Put = (r, a, b, q, value) => {
    const at = ((r * from + a) * to + b) * right + q;
    data[at] = data[at]! + value;
  };
  fill[axis.name](bundle, axis, settings, put, rng);
  const isTrained = settings.isTrained && !isFixed;
  return { shape, data, isTrained, ...(isTied && { orbits: tapOrbits(Math.sqrt(from)) }) };
}

/** Adds to an element of a core. */
type Put = (left: number, from: number, to: number, right: number, value: number) => void;
type Fill = (bundle: Bundle, axis: Axis, settings: OperatorSettings, put: Put, rng: Rng) => void;

const fill: Record<Axis['name'], Fill> = {
  B(bundle, { from }, settings, put) {
    for (let b = 0; b < from; b++) put(isExact(bundle, settings) && bundle.writers[b]! ? 1 : 0, b, b, 0, 1);
  },
  K(_bundle, { from, to }, _settings, put) {
    // A larger kernel holds the smaller one in its middle.
    const [small, large] = [Math.sqrt(from), Math.sqrt(to)];
    const margin = (large - small) / 2;
    for (let k = 0; k < from; k++) {
      put(0, k, (Math.floor(k / small) + margin) * large + (k % small) + margin, 0, 1);
    }
  },
  I(_bundle, axis, { split }, put, rng) {
    const shares = sharesOf(axis, split, rng);
    axis.copies!.forEach((source, target) => put(0, source, target, 0, shares[target]!));
  },
  O(bundle, axis, settings, put) {
    const next = takesNext(bundle, settings);
    axis.copies!.forEach((source, target) => put(0, source, target, next && target >= axis.from ? 1 : 0, 1));
  },
  L(bundle, { from }, settings, put) {
    const exact = isExact(bundle, settings);
    const copies = settings.depth === 'exact' ? bundle.layers.exact : bundle.layers.stacked;
    copies.forEach((source, target) => {
      put(0, source, target, 0, 1);
      if (exact && copies.indexOf(source) === target) put(0, source, target, 1, 1);
      if (takesNext(bundle, settings)) {
        const above = Math.min(source + 1, from - 1);
        put(1, above, target, 0, 1);
        if (exact && copies.indexOf(source) === target) put(1, above, target, 1, 1);
      }
    });
  },
  C() {
    assert(false, 'a carried axis has no core');
  },
};

/** How much each copy reads of its source; the shares of a source's copies add up to one. */
function sharesOf({ copies, from }: Axis, split: OperatorSettings['split'], rng: Rng): number[] {
  const raw = copies!.map((source, target) => {
    if (split === 'first') return copies!.indexOf(source) === target ? 1 : 0;
    return split === 'uneven' ? 0.5 + rng.float() : 1;
  });
  const totals = new Float64Array(from);
  copies!.forEach((source, target) => (totals[source]! += raw[target]!));
  return copies!.map((source, target) => raw[target]! / totals[source]!);
}

/** Which pairs of taps the eight symmetries of the board take to each other; 15 kinds of pairs for a side of 3. */
function tapOrbits(side: number): Int32Array {
  const taps = side * side;
  const orbits = new Int32Array(taps * taps).fill(-1);
  let count = 0;
  for (let pair = 0; pair < orbits.length; pair++) {
    if (orbits[pair] !== -1) continue;
    for (let symmetry = 0; symmetry < 8; symmetry++) {
      const [a, b] = [turned(Math.floor(pair / taps), side, symmetry), turned(pair % taps, side, symmetry)];
      orbits[a * taps + b] = count;
    }
    count++;
  }
  return orbits;
}

/** Where a symmetry of the square takes a tap. */
function turned(tap: number, side: number, symmetry: number): number {
  let [row, column] = [Math.floor(tap / side), tap % side];
  if (symmetry & 1) row = side - 1 - row;
  if (symmetry & 2) column = side - 1 - column;
  if (symmetry & 4) [row, column] = [column, row];
  return row * side + column;
}
