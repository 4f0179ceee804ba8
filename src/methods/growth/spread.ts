/**
 * What tells copies of a unit apart at once and changes nothing of the function: random numbers on the weights that read
 * them, which add up to zero over the copies of a unit. Under an optimizer that divides by the size of a gradient, such as
 * Adam, copies that are read in proportion alone get the same steps, and stay nearly the same for long. Our own design.
 */

import type { Rng } from '../../core/rng.js';
import { sizeOf } from '../../nn/types.js';
import { axisOf, type Bundle, lengths } from './bundle.js';

/**
 * In the shape of the grown M; undefined for what reads no copies.
 *
 * @param m1 of the source, whose root mean square `spread` is relative to
 */
export function spreadOf(bundle: Bundle, m1: Float32Array, spread: number, rng: Rng): Float32Array | undefined {
  const axis = axisOf(bundle, 'I');
  if (spread === 0 || axis?.core === undefined) return undefined;
  const shape = lengths(bundle, 'to');
  const deviation = spread * Math.sqrt(m1.reduce((sum, value) => sum + value * value, 0) / m1.length);
  const data = Float32Array.from({ length: sizeOf(shape) }, () => deviation * rng.normal());
  const inner = sizeOf(shape.slice(bundle.axes.indexOf(axis) + 1));
  const groups = Array.from({ length: axis.from }, (_, unit) => {
    return axis.copies!.flatMap((source, target) => (source === unit ? [target * inner] : []));
  });
  for (let begin = 0; begin < data.length; begin += axis.to * inner) {
    for (let i = begin; i < begin + inner; i++) {
      for (const group of groups) {
        const mean = group.reduce((sum, offset) => sum + data[i + offset]!, 0) / group.length;
        for (const offset of group) data[i + offset]! -= mean;
      }
    }
  }
  return data;
}
