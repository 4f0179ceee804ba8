/**
 * The same tensor in several memory layouts, converted when first asked for. Lowering writes convolutions as matrix products
 * over images that lie point by point where that is faster (winograd.ts), and what treats every element alike keeps them so.
 */

import type { Layout, Layouts, Tensor } from '../graph.js';
import { isSymbol } from '../types.js';
import type { OnnxModel } from './model.js';

/** Emits what turns a tensor of floats into eight bits, and back; both return the name of the result. */
export interface Quantizer {
  quantize(tensor: Tensor, name: string): string;
  dequantize(tensor: Tensor, name: string): string;
}

/** The values of one lowering: for every tensor the layouts it exists in so far, with the ONNX value's name. */
export class LayoutTable implements Layouts {
  readonly model: OnnxModel;
  readonly usesPoints: boolean;
  /** Where a part of the graph is quantized. */
  quantizer: Quantizer | undefined;
  readonly #names = new Map<Tensor, Map<Layout, string>>();
  readonly #forms = new Map<Tensor, Map<string, string>>();

  /** @param usesPoints whether convolutions are lowered to the layout `points` */
  constructor(model: OnnxModel, usesPoints: boolean) {
    this.model = model;
    this.usesPoints = usesPoints;
  }

  set(tensor: Tensor, layout: Layout, name: string): void {
    const names = this.#names.get(tensor) ?? new Map<Layout, string>();
    this.#names.set(tensor, names.set(layout, name));
  }

  has(tensor: Tensor, layout: Layout): boolean {
    return this.#names.get(tensor)?.has(layout) === true;
  }

  once(tensor: Tensor, form: string, make: () => string): string {
    const forms = this.#forms.get(tensor) ?? new Map<string, string>();
    const name = forms.get(form) ?? make();
    this.#forms.set(tensor, forms.set(form, name));
    return name;
  }

  name(tensor: Tensor, layout: Layout = 'first'): string {
    const known = this.#names.get(tensor)?.get(layout);
    if (known !== undefined) return known;
    const made = this.#convert(tensor, layout);
    this.set(tensor, layout, made);
    return made;
  }

  #convert(tensor: Tensor, layout: Layout): string {
    const { model } = this;
    if (layout === 'quantized') return this.quantizer!.quantize(tensor, this.name(tensor));
    const bytes = this.#names.get(tensor)?.get('quantized');
    if (layout === 'first' && bytes !== undefined) return this.quantizer!.dequantize(tensor, bytes);
    // A tensor that is not in its ordinary layout is in points.
    const from = layout === 'first' ? 'points' : 'first';
    const lengths = tensor.shape.map((length) => (isSymbol(length) ? -1 : length));
    const [count, channels, height, width] = lengths as [number, number, number, number];
    // As a matrix of two dimensions, which ONNX Runtime transposes four times as fast as [2, 3, 0, 1] of four.
    const [rows, shape] =
      layout === 'first'
        ? [[height * width, -1], lengths]
        : [
            [-1, height * width],
            [height, width, count, channels],
          ];
    const matrix = model.node('Reshape', [this.name(tensor, from), model.ints(rows)]);
    return model.node('Reshape', [model.node('Transpose', [matrix], { perm: [1, 0] }), model.ints(shape)]);
  }
}
