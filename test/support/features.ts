/** Features of a snapshot, by plane. */

import type { FeatureSet } from '../../src/go/feature-set.js';
import type { Snapshot } from '../../src/go/snapshot.js';

export interface Features {
  /** The points at which plane `index` is 1. */
  readonly plane: (index: number) => number[];
  readonly globals: readonly number[];
}

export function featuresOf(set: FeatureSet, snapshot: Snapshot): Features {
  const points = snapshot.size ** 2;
  const planes = new Float32Array(set.planes * points);
  const globals = new Float32Array(set.globals);
  set.write(snapshot, 0, planes, 0, globals, 0);
  const plane = (index: number): number[] =>
    [...planes.subarray(index * points, (index + 1) * points)].flatMap((value, point) => (value === 1 ? [point] : []));
  return { plane, globals: [...globals] };
}
