/**
 * Rotary angles on a board (Su et al., "RoFormer", 2021): at the point (x, y) each pair of neighbouring numbers of a query
 * or key turns by x·f + y·g. Points are in the order of rows.
 */

import { type Tensor, constant } from '../../graph.js';
import { add, mul } from '../../operations/arithmetic.js';
import { cos, sin } from '../../operations/elementwise.js';
import { matMul, swapLast } from '../../operations/matmul.js';
import { expand } from '../../operations/sum.js';
import { reshape } from '../../operations/shape.js';

/** Whether a parameter is read through a table that depends on it and the board's size alone: frequencies. */
export function isTabulated(parameter: string): boolean {
  return parameter.endsWith('/frequencies');
}

/** Cosines and sines, [heads, points, width] each; both numbers of a pair have the same. `heads` is 1 if all share them. */
export interface Rotation {
  readonly cosine: Tensor;
  readonly sine: Tensor;
}

/** The pairs' first half turns along y, the second along x, at θ^(−2p / half the width) for pair p of its half. */
export function fixedRotation(theta: number, width: number, side: number): Rotation {
  const half = width / 4;
  const frequencies = Float64Array.from({ length: width }, (_, i) => {
    const [pair, direction] = [Math.floor(i / 2), i % 2];
    const turnsAlong = pair < half ? 1 : 0;
    return direction === turnsAlong ? theta ** (-(pair % half) / half) : 0;
  });
  return tables(frequencies, [1, width / 2], side);
}

/**
 * Learned frequencies [heads, pairs, 2], of x and y. If they are a constant, so is the rotation, computed here in double
 * precision.
 */
export function learnedRotation(frequencies: Tensor, side: number): Rotation {
  const [heads, pairs] = frequencies.shape as [number, number, number];
  if (frequencies.kind === 'constant') return tables(frequencies.data as Float32Array, [heads, pairs], side);
  const places = constant(
    Float32Array.from({ length: 2 * side * side }, (_, i) => placeOf(i >> 1, side)[i & 1]!),
    [side * side, 2],
  );
  const angles = matMul(places, swapLast(frequencies));
  const twice = (x: Tensor): Tensor => {
    const [wide, single] = [
      [heads, side * side, pairs, 2],
      [heads, side * side, pairs, 1],
    ];
    return reshape(expand(reshape(x, single), wide), [heads, side * side, 2 * pairs]);
  };
  return { cosine: twice(cos(angles)), sine: twice(sin(angles)) };
}

/** Turns `x` [N, heads, group, points, width]. */
export function turned(x: Tensor, { cosine, sine }: Rotation): Tensor {
  const [heads, points, width] = cosine.shape as [number, number, number];
  const each = (table: Tensor): Tensor => reshape(table, [heads, 1, points, width]);
  return add(mul(x, each(cosine)), mul(matMul(x, quarterTurn(width)), each(sine)));
}

/** The matrix that makes (−b, a) of each pair (a, b). */
function quarterTurn(width: number): Tensor {
  const data = new Float32Array(width * width);
  for (let i = 0; i < width; i += 2) {
    data[(i + 1) * width + i] = -1;
    data[i * width + i + 1] = 1;
  }
  return constant(data, [width, width]);
}

function placeOf(point: number, side: number): readonly [x: number, y: number] {
  return [point % side, Math.floor(point / side)];
}

function tables(
  frequencies: Float32Array | Float64Array,
  [heads, pairs]: readonly [number, number],
  side: number,
): Rotation {
  const shape = [heads, side * side, 2 * pairs];
  const [cosine, sine] = [0, 1].map(() => new Float32Array(heads * side * side * 2 * pairs)) as [
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < cosine.length; i++) {
    const row = Math.floor(i / (2 * pairs));
    const [x, y] = placeOf(row % (side * side), side);
    const pair = 2 * (Math.floor(row / (side * side)) * pairs + ((i % (2 * pairs)) >> 1));
    const angle = x * frequencies[pair]! + y * frequencies[pair + 1]!;
    [cosine[i], sine[i]] = [Math.cos(angle), Math.sin(angle)];
  }
  return { cosine: constant(cosine, shape), sine: constant(sine, shape) };
}
