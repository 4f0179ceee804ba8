/** Lowers a graph to the bytes of an ONNX model. */

import { AppError, check } from '../../core/errors.js';
import type { Graph, Tensor } from '../graph.js';
import { simplify } from '../simplify.js';
import { type ElementData, dtypeOf, shapeText, sizeOf } from '../types.js';
import { OnnxModel } from './model.js';

/** Choices in lowering. */
export interface LoweringOptions {
  /**
   * Values for inputs that become part of the model, by name. Constant convolution weights let ONNX Runtime use its
   * blocked layout, about twice as fast as weights given at run time.
   */
  readonly constants?: ReadonlyMap<string, ElementData>;
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
  const names = new Map<Tensor, string>();
  for (const tensor of graph.order) names.set(tensor, lowerTensor(model, tensor, names, constants));
  for (const [name, tensor] of graph.outputs) model.output(name, names.get(tensor)!, tensor);
  return model.finish();
}

function lowerTensor(
  model: OnnxModel,
  tensor: Tensor,
  names: ReadonlyMap<Tensor, string>,
  constants: ReadonlyMap<string, ElementData>,
): string {
  if (tensor.kind === 'constant') return model.constant(tensor.data, tensor.shape);
  if (tensor.kind === 'computed') {
    const operands = tensor.inputs.map((operand) => names.get(operand)!);
    return tensor.operation.onnx(model, operands, tensor);
  }
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
