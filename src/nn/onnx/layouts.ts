/**
 * The same tensor in several memory layouts, converted when first asked for. Training convolves with filters that change
 * from step to step, which ONNX Runtime does at half the speed of constant ones; so lowering writes those convolutions as
 * matrix products over images that lie point by point (winograd.ts), and what treats every element alike keeps them so.
 */

import type { Layout, Layouts, Tensor } from '../graph.js';
import type { OnnxModel } from './model.js';

/** From [N, C, H, W] to [H, W, N, C]; the same order leads back. */
const SWAPPED = [2, 3, 0, 1];

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
  readonly #constants: ReadonlySet<string>;

  /**
   * @param usesPoints whether trained convolutions are lowered to the layout `points`
   * @param constants names of inputs that are part of the model
   */
  constructor(model: OnnxModel, usesPoints: boolean, constants: ReadonlySet<string>) {
    this.model = model;
    this.usesPoints = usesPoints;
    this.#constants = constants;
  }

  set(tensor: Tensor, layout: Layout, name: string): void {
    const names = this.#names.get(tensor) ?? new Map<Layout, string>();
    this.#names.set(tensor, names.set(layout, name));
  }

  has(tensor: Tensor, layout: Layout): boolean {
    return this.#names.get(tensor)?.has(layout) === true;
  }

  isConstant(tensor: Tensor): boolean {
    return tensor.kind === 'constant' || (tensor.kind === 'input' && this.#constants.has(tensor.name));
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
    return model.node('Transpose', [this.name(tensor, from)], { perm: SWAPPED });
  }
}
