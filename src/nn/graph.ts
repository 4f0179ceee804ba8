/**
 * The graph: immutable tensors, each the result of one operation on others, with shapes known before anything runs.
 *
 * How it is used:
 *
 *     const x = input('planes', [BATCH, 12, 9, 9]);            // BATCH: any length; training graphs give a number
 *     const w = input('stem/filter', [64, 12, 3, 3]);          // weights are inputs too
 *     const y = relu(conv2d(x, w, bias));                      // operations/*.ts: add mul matMul sum softmax …
 *     const loss = mean(square(sub(y, target)));               // numbers may stand for constants: mul(y, 0.5)
 *     const [dw] = gradients(loss, [w]);                       // gradients.ts: more graph, runnable like any other
 *     const step = graph({ loss, [next('stem/filter')]: sub(w, mul(dw, 0.1)) });
 *     lowerToOnnx(step)                                        // onnx/lower.ts: bytes; `constants` bakes inputs in
 *
 * State: an output called `next(name)` is the value that input `name` has in the following step. A training session
 * (src/engine) holds those inputs and feeds them on by itself; the other inputs are the batch, the other outputs what
 * a step reports. So parameters, optimizer moments, step counters and averages are all the same thing.
 *
 * An operation is defined once, by an `Operation` value: shape rule, gradient rule, ONNX form, TensorFlow.js form.
 * Adding one is adding one definition under operations/.
 */

import { AppError, assert, check } from '../core/errors.js';
import type { OnnxModel } from './onnx/model.js';
import type { Tf, TfTensor } from './tensorflow.js';
import { type DType, type ElementData, type Shape, type TensorType, checkShape, dtypeOf, sizeOf } from './types.js';

/** A value given from outside under a name: data, weights, state. */
export interface InputTensor extends TensorType {
  readonly kind: 'input';
  readonly name: string;
}

/** Data that is part of the graph. */
export interface ConstantTensor extends TensorType {
  readonly kind: 'constant';
  readonly data: ElementData;
}

/** The result of an operation. */
export interface ComputedTensor<A = unknown> extends TensorType {
  readonly kind: 'computed';
  readonly operation: Operation<A>;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
}

export type Tensor = InputTensor | ConstantTensor | ComputedTensor;

/** A tensor, or a number standing for a float32 scalar. */
export type Operand = Tensor | number;

/**
 * How an image [N, C, H, W] lies in memory. `first`: as its shape says, as every other tensor does. `points`: point by
 * point, [H, W, N, C] (see onnx/winograd.ts). `quantized`: as `first`, in eight bits a number (see onnx/quantized.ts).
 */
export type Layout = 'first' | 'points' | 'quantized';

/** A lowered value. */
export interface LaidOut {
  readonly name: string;
  readonly layout: Layout;
}

/** A lowering under way, to operations that know more than one layout. */
export interface Layouts {
  readonly model: OnnxModel;
  /** Whether convolutions are lowered to the layout `points`. */
  readonly usesPoints: boolean;
  /** True if the tensor has been computed in, or converted to, this layout already. */
  has(tensor: Tensor, layout: Layout): boolean;
  /** The tensor's name in a layout (`first` if not given); converts it if need be. */
  name(tensor: Tensor, layout?: Layout): string;
  /** The name of what `make` emits for a tensor; emitted once for each form. */
  once(tensor: Tensor, form: string, make: () => string): string;
}

/**
 * One kind of operation. `A` are its settings (axes, permutation …): plain JSON, equal text means equal operation;
 * `null` if there are none.
 * Every operation has exactly one result.
 */
export interface Operation<A = unknown> {
  readonly name: string;
  /** True if every element of the result depends on one element of each operand, with broadcasting. */
  readonly pointwise?: boolean;
  /** The type of the result; throws `invalid-argument` for operands that do not fit. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /**
   * For each operand, the derivative of a scalar with respect to it, given `upstream`, the derivative with respect to
   * the result `output` (same shape). `undefined` where no gradient flows (masks, indices).
   */
  gradient(inputs: readonly Tensor[], output: Tensor, upstream: Tensor, attributes: A): readonly (Tensor | undefined)[];
  /** Emits ONNX nodes and returns the name of the result. */
  onnx(model: OnnxModel, names: readonly string[], node: ComputedTensor<A>): string;
  /** The ONNX form for operations that know other layouts; `undefined` to use `onnx` this time. */
  onnxIn?(layouts: Layouts, node: ComputedTensor<A>): LaidOut | undefined;
  /** Computes with TensorFlow.js. */
  tf(tf: Tf, values: readonly TfTensor[], node: ComputedTensor<A>): TfTensor;
}

const operations = new Map<string, Operation<never>>();

/** Makes an operation known by its name, by which a graph that crosses to a thread finds it again (graph-data.ts). */
export function defineOperation<A>(operation: Operation<A>): Operation<A> {
  assert(!operations.has(operation.name), `one operation is called '${operation.name}'`);
  operations.set(operation.name, operation);
  return operation;
}

/** The operation of a name, if its module has been imported. */
export function operationNamed(name: string): Operation {
  const operation = operations.get(name);
  assert(operation !== undefined, `there is an operation '${name}'`);
  return operation;
}

/** Named results; everything they need is reached from them. */
export interface Graph {
  /** Inputs by name, in order of first use. */
  readonly inputs: ReadonlyMap<string, InputTensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Every tensor the outputs need, each after its operands. */
  readonly order: readonly Tensor[];
}

/** Declares a value given from outside. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): InputTensor {
  checkShape(shape, `Input '${name}'`);
  return { kind: 'input', name, shape: [...shape], dtype };
}

/** Makes data part of the graph; a number becomes a float32 scalar. `data` must not change afterwards. */
export function constant(data: ElementData | number, shape?: Shape): ConstantTensor {
  const elements = typeof data === 'number' ? Float32Array.of(data) : data;
  const dimensions = shape ?? (typeof data === 'number' ? [] : [elements.length]);
  checkShape(dimensions, 'A constant');
  check(
    sizeOf(dimensions) === elements.length,
    `A constant of ${elements.length} elements cannot have shape [${dimensions.join()}]`,
  );
  return { kind: 'constant', data: elements, shape: [...dimensions], dtype: dtypeOf(elements) };
}

/** A tensor as it is, a number as a scalar constant. */
export function tensorOf(operand: Operand): Tensor {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** Applies an operation; for the functions in operations/, which check and name things. */
export function apply<A>(operation: Operation<A>, inputs: readonly Operand[], attributes: A): ComputedTensor<A> {
  const tensors = inputs.map(tensorOf);
  return { kind: 'computed', operation, inputs: tensors, attributes, ...operation.infer(tensors, attributes) };
}

/** The output name that carries input `name` into the following step. */
export function next(name: string): string {
  return `next:${name}`;
}

/** Names of the inputs a step replaces: those with a `next` output. */
export function stateNames(graph: Graph): string[] {
  return [...graph.inputs.keys()].filter((name) => graph.outputs.has(next(name)));
}

/**
 * Names the outputs and collects what they need; whatever they do not need is left out.
 *
 * @throws AppError 'invalid-argument' if two different inputs share a name, or a `next` output does not fit its input
 */
export function graph(outputs: Readonly<Record<string, Tensor>>): Graph {
  const named = new Map(Object.entries(outputs));
  const order = topologicalOrder([...named.values()]);
  const inputs = new Map<string, InputTensor>();
  for (const tensor of order) {
    if (tensor.kind !== 'input') continue;
    const known = inputs.get(tensor.name);
    if (known !== undefined && known !== tensor) {
      throw new AppError('invalid-argument', `Two different inputs are called '${tensor.name}'`);
    }
    check(!named.has(tensor.name), `'${tensor.name}' names both an input and an output`);
    inputs.set(tensor.name, tensor);
  }
  for (const [name, tensor] of inputs) {
    const follower = named.get(next(name));
    const fits =
      follower === undefined || (follower.dtype === tensor.dtype && follower.shape.join() === tensor.shape.join());
    check(
      fits,
      () => `Output '${next(name)}' has shape [${follower?.shape.join() ?? ''}], its input [${tensor.shape.join()}]`,
    );
  }
  return { inputs, outputs: named, order };
}

/** Every tensor that `roots` need, each after its operands. Iterative: graphs are deeper than the call stack. */
export function topologicalOrder(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack = roots.map((tensor) => ({ tensor, done: false })).reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.done) {
      order.push(top.tensor);
      continue;
    }
    if (seen.has(top.tensor)) continue;
    seen.add(top.tensor);
    stack.push({ tensor: top.tensor, done: true });
    if (top.tensor.kind !== 'computed') continue;
    for (const operand of [...top.tensor.inputs].reverse()) {
      if (!seen.has(operand)) stack.push({ tensor: operand, done: false });
    }
  }
  return order;
}
