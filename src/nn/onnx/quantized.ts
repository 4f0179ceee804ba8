/**
 * Convolutions and sums in whole numbers of eight bits: activations unsigned with one scale a tensor, weights signed
 * with one scale a filter, sums of products in 32 bits (B. Jacob et al., "Quantization and Training of Neural Networks
 * for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2). A rectifier costs nothing: what is below zero
 * has no number.
 */

import { assert } from '../../core/errors.js';
import type { ComputedTensor, Graph, Tensor } from '../graph.js';
import { consumersOf, fusedRelu, observedTensors, quantizedConvolutions } from '../quantization/quantizable.js';
import type { Range } from '../quantization/ranges.js';
import type { ElementData } from '../types.js';
import type { LayoutTable, Quantizer } from './layouts.js';
import type { OnnxModel } from './model.js';

/** The names of a tensor's scale and of the number that stands for zero. */
interface Scale {
  readonly value: number;
  readonly names: readonly [scale: string, zero: string];
}

/** Lowers what is quantized of one graph. */
export class QuantizedLowering implements Quantizer {
  readonly #layouts: LayoutTable;
  readonly #convolutions: ReadonlySet<Tensor>;
  readonly #consumers: ReadonlyMap<Tensor, readonly ComputedTensor[]>;
  readonly #ranges: ReadonlyMap<Tensor, Range>;
  readonly #scales = new Map<Tensor, Scale>();
  readonly #constants: ReadonlyMap<string, ElementData>;

  /** @param ranges of `observedTensors(graph)`, in that order */
  constructor(
    graph: Graph,
    ranges: readonly Range[],
    { layouts, constants }: { readonly layouts: LayoutTable; readonly constants: ReadonlyMap<string, ElementData> },
  ) {
    const observed = observedTensors(graph);
    assert(observed.length === ranges.length, 'there is a range for every observed tensor');
    this.#layouts = layouts;
    this.#constants = constants;
    this.#convolutions = quantizedConvolutions(graph);
    this.#consumers = consumersOf(graph);
    this.#ranges = new Map(observed.map((tensor, index) => [tensor, ranges[index]!]));
  }

  /** Lowers a tensor, and its rectifier if it has one, if it is to be quantized; says whether it was. */
  lower(tensor: ComputedTensor): boolean {
    const result = fusedRelu(tensor, this.#consumers) ?? tensor;
    if (!this.#ranges.has(result)) return false;
    if (this.#convolutions.has(tensor)) this.#layouts.set(result, 'quantized', this.#convolve(tensor, result));
    else if (tensor.operation.name === 'add' && this.#isSumOfQuantized(tensor)) {
      this.#layouts.set(result, 'quantized', this.#add(tensor, result));
    } else return false;
    return true;
  }

  /** A tensor of floats in eight bits. */
  quantize(tensor: Tensor, name: string): string {
    return this.#layouts.model.node('QuantizeLinear', [name, ...this.#scale(tensor).names]);
  }

  /** A tensor in eight bits as floats. */
  dequantize(tensor: Tensor, name: string): string {
    return this.#layouts.model.node('DequantizeLinear', [name, ...this.#scale(tensor).names]);
  }

  #isSumOfQuantized({ inputs }: ComputedTensor): boolean {
    return inputs.every((operand) => this.#layouts.has(operand, 'quantized'));
  }

  #convolve(tensor: ComputedTensor, result: Tensor): string {
    const { model } = this.#layouts;
    const [x, filter, bias] = tensor.inputs as [Tensor, Tensor, Tensor?];
    const kernel = filter.shape[2]!;
    const border = (kernel - 1) / 2;
    const input = this.#layouts.name(x, 'quantized');
    const scale = this.#scale(x);
    const { weights, offsets } = this.#filter(filter, bias, scale.value);
    return model.node('QLinearConv', [input, ...scale.names, ...weights, ...this.#scale(result).names, ...offsets], {
      kernel_shape: [kernel, kernel],
      pads: [border, border, border, border],
      strides: [1, 1],
    });
  }

  #add({ inputs }: ComputedTensor, result: Tensor): string {
    const operands = inputs.flatMap((operand) => [
      this.#layouts.name(operand, 'quantized'),
      ...this.#scale(operand).names,
    ]);
    return this.#layouts.model.node('QLinearAdd', [...operands, ...this.#scale(result).names], {}, 'com.microsoft');
  }

  /** Names of the weights with their scales and zeros, and of the bias, if any, in units of both scales. */
  #filter(filter: Tensor, bias: Tensor | undefined, inputScale: number): { weights: string[]; offsets: string[] } {
    const { model } = this.#layouts;
    const { values, scales } = quantizeFilter(this.#valuesOf(filter), filter.shape[0]!);
    const zero = model.quantized(new Int8Array(scales.length), [scales.length]);
    const weights = [model.quantized(values, filter.shape), model.constant(scales, [scales.length]), zero];
    if (bias === undefined) return { weights, offsets: [] };
    const offsets = Int32Array.from(this.#valuesOf(bias), (value, i) => Math.round(value / (inputScale * scales[i]!)));
    return { weights, offsets: [model.quantized(offsets, [offsets.length])] };
  }

  #valuesOf(tensor: Tensor): Float32Array {
    const data = tensor.kind === 'input' ? this.#constants.get(tensor.name) : undefined;
    const values = tensor.kind === 'constant' ? tensor.data : data;
    assert(values instanceof Float32Array, 'filters and biases of a quantized convolution are constants');
    return values;
  }

  #scale(tensor: Tensor): Scale {
    const known = this.#scales.get(tensor);
    if (known !== undefined) return known;
    const range = this.#ranges.get(tensor);
    assert(range !== undefined, 'a quantized tensor has a range');
    const made = scaleOf(this.#layouts.model, range);
    this.#scales.set(tensor, made);
    return made;
  }
}

/** 256 values from `min` to `max`, one of them zero. */
function scaleOf(model: OnnxModel, { min, max }: Range): Scale {
  // A tensor that was zero everywhere still needs a scale.
  const value = Math.fround(Math.max(max - min, 1e-6) / 255);
  const zero = Math.round(-min / value);
  return { value, names: [model.float(value), model.quantized(Uint8Array.of(zero), [])] };
}

/** Each filter in units of its largest weight over 127. */
function quantizeFilter(weights: Float32Array, filters: number): { values: Int8Array; scales: Float32Array } {
  const length = weights.length / filters;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    let largest = 0;
    for (let i = filter * length; i < (filter + 1) * length; i++) largest = Math.max(largest, Math.abs(weights[i]!));
    scales[filter] = Math.max(largest, 1e-9) / 127;
    for (let i = filter * length; i < (filter + 1) * length; i++) values[i] = Math.round(weights[i]! / scales[filter]!);
  }
  return { values, scales };
}
