/** Computes a graph's outputs by calling TensorFlow.js operation by operation. */

import type { Graph, Tensor } from '../../nn/graph.js';
import type { Tf, TfTensor } from '../../nn/tensorflow.js';
import { type DType, type ElementData, type TensorData } from '../../nn/types.js';

/** What the interpreter needs of the `tf` namespace beside the operations themselves. */
export interface TfRuntime extends Tf {
  tidy<T>(compute: () => T): T;
  data(tensor: TfTensor): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(tensors: readonly TfTensor[]): void;
}

const tfTypes = { float32: 'float32', int64: 'int32', bool: 'bool' } as const;

/** Copies data into TensorFlow.js; its indices are 32-bit. */
export function toTf(tf: Tf, { shape, data }: TensorData, dtype: DType): TfTensor {
  const elements = data instanceof BigInt64Array ? Int32Array.from(data, Number) : data;
  return tf.tensor(elements, [...shape], tfTypes[dtype]);
}

/** Copies a result out of TensorFlow.js. */
export async function fromTf(tf: TfRuntime, tensor: TfTensor, dtype: DType): Promise<TensorData> {
  const elements = await tf.data(tensor);
  const data: ElementData =
    dtype === 'int64'
      ? BigInt64Array.from(elements, BigInt)
      : dtype === 'bool'
        ? Uint8Array.from(elements)
        : Float32Array.from(elements);
  return { shape: [...tensor.shape], data };
}

/** How many later operations need each tensor; outputs are never given up. */
function useCounts(graph: Graph): Map<Tensor, number> {
  const counts = new Map<Tensor, number>();
  const use = (tensor: Tensor, times: number): void => void counts.set(tensor, (counts.get(tensor) ?? 0) + times);
  for (const tensor of graph.order) if (tensor.kind === 'computed') tensor.inputs.forEach((operand) => use(operand, 1));
  for (const tensor of graph.outputs.values()) use(tensor, Infinity);
  return counts;
}

/**
 * The output tensors for the given values of inputs and constants, which stay the caller's. Intermediate results are
 * freed as soon as nothing needs them.
 */
export function interpret(tf: TfRuntime, graph: Graph, given: ReadonlyMap<Tensor, TfTensor>): Map<string, TfTensor> {
  const values = new Map(given);
  const left = useCounts(graph);
  for (const tensor of graph.order) {
    if (tensor.kind !== 'computed') continue;
    const operands = tensor.inputs.map((operand) => values.get(operand)!);
    values.set(
      tensor,
      tf.tidy(() => own(tf, tensor.operation.tf(tf, operands, tensor), operands)),
    );
    for (const operand of new Set(tensor.inputs)) {
      const uses = tensor.inputs.filter((other) => other === operand).length;
      left.set(operand, left.get(operand)! - uses);
      if (left.get(operand) === 0 && operand.kind === 'computed') tf.dispose([values.get(operand)!]);
    }
  }
  return new Map([...graph.outputs].map(([name, tensor]) => [name, values.get(tensor)!]));
}

/** An operation that does nothing may return its operand itself; a result must be free to outlive it. */
function own(tf: Tf, result: TfTensor, operands: readonly TfTensor[]): TfTensor {
  return operands.includes(result) ? tf.reshape(result, [...result.shape]) : result;
}
