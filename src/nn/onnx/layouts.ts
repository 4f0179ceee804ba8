/**
 * The same tensor in several memory layouts, converted when first asked for. ONNX Runtime's CPU provider convolves
 * images and filters in blocks of channels (`com.microsoft.nchwc`) at nearly twice its ordinary speed, but changes to
 * that layout by itself only where the filters are constant; in a training step they are not. So lowering does it: a
 * convolution gives its result in blocks, what treats every element alike keeps it there, and filter gradients, which are
 * matrix products, take their images channels last.
 */

import { assert } from '../../core/errors.js';
import type { Layout, Layouts, Tensor } from '../graph.js';
import { unblockedFilter } from './blocked-convolution.js';
import type { OnnxModel } from './model.js';

const NCHWC = 'com.microsoft.nchwc';

/** Emits what turns a tensor of floats into eight bits, and back; both return the name of the result. */
export interface Quantizer {
  quantize(tensor: Tensor, name: string): string;
  dequantize(tensor: Tensor, name: string): string;
}

/** The values of one lowering: for every tensor the layouts it exists in so far, with the ONNX value's name. */
export class LayoutTable implements Layouts {
  readonly model: OnnxModel;
  readonly block: number;
  /** Where a part of the graph is quantized. */
  quantizer: Quantizer | undefined;
  readonly #names = new Map<Tensor, Map<Layout, string>>();
  readonly #constants: ReadonlySet<string>;

  /**
   * @param block channels in a block: 8 or 16, whichever the machine uses, or 0 for ordinary layouts only
   * @param constants names of inputs that are part of the model
   */
  constructor(model: OnnxModel, block: number, constants: ReadonlySet<string>) {
    this.model = model;
    this.block = block;
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

  canBlock({ shape }: { readonly shape: readonly number[] }): boolean {
    return this.block > 0 && shape.length === 4 && shape[1]! % this.block === 0;
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
    const [, channels, height, width] = tensor.shape;
    const blocked = this.#names.get(tensor)?.get('blocked');
    if (layout === 'blocked') {
      assert(tensor.dtype === 'float32', 'only float32 is put into blocks');
      return model.node('ReorderInput', [this.name(tensor)], { channels_last: 0 }, NCHWC);
    }
    const filter = this.#names.get(tensor)?.get('filter');
    if (filter !== undefined && layout === 'first') return unblockedFilter(this, filter, tensor.shape);
    if (blocked === undefined) {
      assert(layout === 'last', 'a tensor in some layout');
      return model.node('Transpose', [this.name(tensor)], { perm: [0, 2, 3, 1] });
    }
    if (tensor.dtype === 'float32') {
      return model.node(
        'ReorderOutput',
        [blocked],
        { channels: channels!, channels_last: Number(layout === 'last') },
        NCHWC,
      );
    }
    const parts = model.node('Reshape', [
      blocked,
      model.ints([0, channels! / this.block, height!, width!, this.block]),
    ]);
    const swapped = model.node('Transpose', [parts], { perm: layout === 'last' ? [0, 2, 3, 1, 4] : [0, 1, 4, 2, 3] });
    const shape = layout === 'last' ? [0, height!, width!, channels!] : [0, channels!, height!, width!];
    return model.node('Reshape', [swapped, model.ints(shape)]);
  }
}
