/** Lowers a graph to the bytes of an ONNX model. */

import { AppError, check } from '../../core/errors.js';
import type { ComputedTensor, ConstantTensor, Graph, InputTensor, LaidOut, Tensor } from '../graph.js';
import type { Range } from '../quantization/ranges.js';
import { simplify } from '../simplify.js';
import { type ElementData, dtypeOf, shapeText, sizeOf } from '../types.js';
import { LayoutTable } from './layouts.js';
import { OnnxModel } from './model.js';
import { QuantizedLowering } from './quantized.js';
import { lowerPointwise } from './pointwise.js';
import { paysByPoints } from './winograd.js';

export interface LoweringOptions {
  /**
   * Values for inputs that become part of the model, by name. Constant convolution weights let ONNX Runtime use its
   * blocked layout, about twice as fast as weights given at run time.
   */
  readonly constants?: ReadonlyMap<string, ElementData>;
  /**
   * Writes convolutions as matrix products where those are faster (see winograd.ts), with operations that only the CPU
   * provider has; else, the default, standard operations alone.
   */
  readonly winograd?: boolean;
  /**
   * Ranges of the trunk's tensors, from a `RangeRecorder`: the trunk is then computed in eight bits. The weights must be
   * among the constants.
   */
  readonly ranges?: readonly Range[] | undefined;
  /** Whether products of eight bits run on matrix tiles here; answers are the same either way (see quantized.ts). */
  readonly matrixTiles?: boolean;
}

/**
 * The ONNX model of `original`: its inputs and outputs under their own names, operation set 17.
 *
 * @throws AppError 'invalid-argument' if a constant names no input or does not fit it
 */
export function lowerToOnnx(original: Graph, options: LoweringOptions = {}): Uint8Array {
  const constants = options.constants ?? new Map<string, ElementData>();
  for (const name of constants.keys()) {
    check(original.inputs.has(name), `The graph has no input '${name}' to make constant`);
  }
  const graph = simplify(original);
  const model = new OnnxModel();
  const { ranges, matrixTiles = false, winograd = false } = options;
  const isConstant = (tensor: Tensor): boolean => {
    return tensor.kind === 'constant' || (tensor.kind === 'input' && constants.has(tensor.name));
  };
  const usesPoints = winograd && ranges === undefined && paysByPoints(graph, isConstant);
  const layouts = new LayoutTable(model, usesPoints);
  const quantized = ranges && new QuantizedLowering(graph, ranges, { layouts, constants, matrixTiles });
  layouts.quantizer = quantized;
  for (const tensor of graph.order) {
    if (layouts.has(tensor, 'quantized')) continue;
    if (tensor.kind === 'computed' && quantized?.lower(tensor) === true) continue;
    const { name, layout } = lowerTensor(layouts, tensor, constants);
    layouts.set(tensor, layout, name);
  }
  for (const [name, tensor] of graph.outputs) model.output(name, layouts.name(tensor), tensor);
  return model.finish();
}

function lowerTensor(layouts: LayoutTable, tensor: Tensor, constants: ReadonlyMap<string, ElementData>): LaidOut {
  if (tensor.kind === 'computed') return lowerComputed(layouts, tensor);
  return { name: lowerLeaf(layouts.model, tensor, constants), layout: 'first' };
}

function lowerComputed(layouts: LayoutTable, tensor: ComputedTensor): LaidOut {
  const special = tensor.operation.onnxIn?.(layouts, tensor) ?? lowerPointwise(layouts, tensor);
  if (special !== undefined) return special;
  const operands = tensor.inputs.map((operand) => layouts.name(operand));
  return { name: tensor.operation.onnx(layouts.model, operands, tensor), layout: 'first' };
}

function lowerLeaf(
  model: OnnxModel,
  tensor: InputTensor | ConstantTensor,
  constants: ReadonlyMap<string, ElementData>,
): string {
  if (tensor.kind === 'constant') return model.constant(tensor.data, tensor.shape);
  const data = constants.get(tensor.name);
  if (data === undefined) return model.input(tensor.name, tensor);
  if (dtypeOf(data) !== tensor.dtype || data.length !== sizeOf(tensor.shape)) {
    throw new AppError(
      'invalid-argument',
      `The constant for '${tensor.name}' has ${data.length} elements of ${dtypeOf(data)}; wanted is ${tensor.dtype} ${shapeText(tensor.shape)}`,
    );
  }
  return model.constant(data, tensor.shape);
}
