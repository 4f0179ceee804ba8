/** Slices of parameters into M, and M back into parameters. */

import { assert } from '../../core/errors.js';
import { type Tensor, constant } from '../../nn/graph.js';
import type { Weights } from '../../nn/model-file.js';
import { gather, indexConstant } from '../../nn/operations/gather.js';
import { concat, reshape } from '../../nn/operations/shape.js';
import { sizeOf } from '../../nn/types.js';
import { axisOf, type Bundle, lengths, type GrowthPlan, type Slice } from './bundle.js';

/** M of the source, in the order of the bundle's axes. */
export function assemble(bundle: Bundle, weights: Weights): Float32Array {
  const own = lengths(bundle, 'from').slice(2);
  const size = sizeOf(own);
  const layers = axisOf(bundle, 'L')!.from;
  const tensor = new Float32Array(sizeOf(lengths(bundle, 'from')));
  for (const { parameter, role, layer, along, begin } of bundle.source) {
    const weight = weights.get(parameter);
    assert(weight !== undefined, `the source holds no '${parameter}'`);
    const { outer, inner, whole } = strides(weight.data.length, own, along);
    const offset = (role * layers + layer) * size;
    const length = own[along]! * inner;
    for (let i = 0; i < outer; i++) {
      const at = i * whole + begin * inner;
      tensor.set(weight.data.subarray(at, at + length), offset + i * length);
    }
  }
  return tensor;
}

/** How a slice lies in its parameter: `outer` runs, each part of a stretch of `whole` elements; `inner` elements an index. */
function strides(
  elements: number,
  own: readonly number[],
  along: number,
): { readonly outer: number; readonly inner: number; readonly whole: number } {
  const outer = sizeOf(own.slice(0, along));
  return { outer, inner: sizeOf(own.slice(along + 1)), whole: elements / outer };
}

/** The target's parameters from each bundle's grown tensor, as graphs. */
export function scatter(
  { bundles, targetShapes, kept }: GrowthPlan,
  grown: (bundle: Bundle) => Tensor,
  source: Weights,
): Map<string, Tensor> {
  const parts = new Map<string, { readonly slice: Slice; readonly tensor: Tensor }[]>();
  for (const bundle of bundles) {
    const own = lengths(bundle, 'to').slice(2);
    const layers = axisOf(bundle, 'L')!.to;
    const rows = reshape(grown(bundle), [axisOf(bundle, 'B')!.to * layers, ...own]);
    for (const slice of bundle.target) {
      const row = reshape(gather(rows, indexConstant([slice.role * layers + slice.layer])), own);
      parts.set(slice.parameter, [...(parts.get(slice.parameter) ?? []), { slice, tensor: row }]);
    }
  }
  const result = new Map<string, Tensor>();
  for (const [name, shape] of targetShapes) {
    const own = parts.get(name)?.sort((a, b) => a.slice.begin - b.slice.begin);
    if (own !== undefined) {
      const joined = concat(
        own.map(({ tensor }) => tensor),
        own[0]!.slice.along,
      );
      result.set(name, reshape(joined, shape));
    } else {
      const data = kept.includes(name) ? source.get(name)!.data : new Float32Array(sizeOf(shape));
      result.set(name, constant(data, shape));
    }
  }
  return result;
}
