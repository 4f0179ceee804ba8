/**
 * Convolutions and sums in whole numbers of eight bits: activations unsigned with one scale a tensor, weights signed
 * with one scale a filter, sums of products in 32 bits (B. Jacob et al., "Quantization and Training of Neural Networks
 * for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2). A rectifier costs nothing: what is below zero
 * has no number.
 */

import { assert } from '../../core/errors.js';
import type { ComputedTensor, Graph, Tensor } from '../graph.js';
import { consumersOf, fusedChain, observedTensors, quantizedConvolutions } from '../quantization/quantizable.js';
import type { Range } from '../quantization/ranges.js';
import type { ElementData } from '../types.js';
import type { LayoutTable, Quantizer } from './layouts.js';
import type { OnnxModel } from './model.js';

/** Channels and filters from which on a convolution is faster on matrix tiles. */
const FEWEST_ON_TILES = 64;

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
  readonly #fused = new Set<Tensor>();
  readonly #constants: ReadonlyMap<string, ElementData>;
  readonly #matrixTiles: boolean;

  /** @param ranges of `observedTensors(graph)`, in that order */
  constructor(
    graph: Graph,
    ranges: readonly Range[],
    options: {
      readonly layouts: LayoutTable;
      readonly constants: ReadonlyMap<string, ElementData>;
      readonly matrixTiles: boolean;
    },
  ) {
    const observed = observedTensors(graph);
    assert(observed.length === ranges.length, 'there is a range for every observed tensor');
    this.#layouts = options.layouts;
    this.#constants = options.constants;
    this.#matrixTiles = options.matrixTiles;
    this.#convolutions = quantizedConvolutions(graph);
    this.#consumers = consumersOf(graph);
    this.#ranges = new Map(observed.map((tensor, index) => [tensor, ranges[index]!]));
  }

  /** Lowers a tensor, and what is fused with it, if it is to be quantized; says whether it was. */
  lower(tensor: ComputedTensor): boolean {
    if (this.#fused.has(tensor)) return true;
    const { affine, result } = fusedChain(tensor, this.#consumers);
    if (!this.#ranges.has(result)) return false;
    if (this.#convolutions.has(tensor)) this.#layouts.set(result, 'quantized', this.#convolve(tensor, affine, result));
    else if (tensor.operation.name === 'add' && this.#isSumOfQuantized(tensor)) {
      this.#layouts.set(result, 'quantized', this.#add(tensor, result));
    } else return false;
    if (affine) this.#fused.add(affine);
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

  #convolve(tensor: ComputedTensor, affine: ComputedTensor | undefined, result: Tensor): string {
    const { model } = this.#layouts;
    const [x, filter] = tensor.inputs as [Tensor, Tensor];
    const kernel = filter.shape[2]!;
    const border = (kernel - 1) / 2;
    const input = this.#layouts.name(x, 'quantized');
    const scale = this.#scale(x);
    const { weights, offsets } = this.#filter(tensor, affine);
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
  #filter(tensor: ComputedTensor, affine: ComputedTensor | undefined): { weights: string[]; offsets: string[] } {
    const { model } = this.#layouts;
    const [x, filter, bias] = tensor.inputs as [Tensor, Tensor, Tensor?];
    const [scale, shift] = affine?.inputs.slice(1).map((operand) => this.#valuesOf(operand)) ?? [];
    const { values, scales } = quantizeFilter(this.#valuesOf(filter), filter.shape[0]!, scale);
    // ONNX Runtime has a short way to convolve where zero is 0 among the weights, on vectors; only the other one reaches
    // matrix tiles. No weight is −128, so there is room for a zero of −1.
    const [filters, channels] = filter.shape;
    const zeroValue = this.#matrixTiles && Math.min(filters!, channels!) >= FEWEST_ON_TILES ? -1 : 0;
    for (let i = 0; i < values.length; i++) values[i]! += zeroValue;
    const zero = model.quantized(new Int8Array(scales.length).fill(zeroValue), [scales.length]);
    const weights = [model.quantized(values, filter.shape), model.constant(scales, [scales.length]), zero];
    if (bias === undefined && shift === undefined) return { weights, offsets: [] };
    const added = bias && this.#valuesOf(bias);
    const unit = this.#scale(x).value;
    const offsets = Int32Array.from(scales, (own, i) => {
      const value = (added?.[i] ?? 0) * (scale?.[i] ?? 1) + (shift?.[i] ?? 0);
      return Math.round(value / (unit * own));
    });
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

/** Each filter, times a number of its own if there are any, in units of its largest weight over 127. */
function quantizeFilter(
  weights: Float32Array,
  filters: number,
  factors: Float32Array | undefined,
): { values: Int8Array; scales: Float32Array } {
  const length = weights.length / filters;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(filters);
  for (let filter = 0; filter < filters; filter++) {
    const factor = factors?.[filter] ?? 1;
    const own = weights.subarray(filter * length, (filter + 1) * length);
    const largest = own.reduce((most, weight) => Math.max(most, Math.abs(weight * factor)), 0);
    const scale = Math.fround(Math.max(largest, 1e-9) / 127);
    scales[filter] = scale;
    for (let i = 0; i < length; i++) values[filter * length + i] = Math.round((own[i]! * factor) / scale);
  }
  return { values, scales };
}
