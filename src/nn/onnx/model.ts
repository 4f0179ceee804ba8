/**
 * An ONNX model under construction: operations call `node` to emit themselves, `finish` gives the ModelProto bytes.
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */

import { BATCH, type DType, type ElementData, type Shape, type TensorType, dtypeOf, isSymbol } from '../types.js';
import { MessageWriter } from './protobuf.js';

/** Standard operations and ONNX Runtime's own. */
export type OnnxDomain = '' | 'com.microsoft';

/** A node attribute: whole number, list of whole numbers, text, or a float as `{ float }`. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

const IR_VERSION = 8;
const OPSET = 17;
const elementTypes: Readonly<Record<DType, number>> = { float32: 1, int64: 7, bool: 9 };
const quantizedTypes = { uint8: 2, int8: 3, int32: 6 } as const;

/** The ONNX code of an element type, for `Cast`. */
export function elementType(dtype: DType): number {
  return elementTypes[dtype];
}

/** Collects nodes, constants, inputs and outputs of one ONNX graph. Value names are made in order, so bytes are reproducible. */
export class OnnxModel {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  readonly #inputs: MessageWriter[] = [];
  readonly #outputs: MessageWriter[] = [];
  readonly #shared = new Map<string, string>();
  readonly #domains = new Set<OnnxDomain>(['']);
  #count = 0;

  /** Declares a graph input and returns its value name. */
  input(name: string, type: TensorType): string {
    this.#inputs.push(valueInfo(name, type));
    return name;
  }

  /** Declares that `value` leaves the graph as `name`. */
  output(name: string, value: string, type: TensorType): void {
    this.#nodes.push(nodeProto('Identity', [value], [name], {}, ''));
    this.#outputs.push(valueInfo(name, type));
  }

  /** Adds constant data and returns its value name. */
  constant(data: ElementData, shape: Shape): string {
    return this.#initializer(elementTypes[dtypeOf(data)], data, shape);
  }

  /** Adds constant whole numbers of a type that graphs do not have, and returns the value name. */
  quantized(data: Uint8Array | Int8Array | Int32Array, shape: Shape): string {
    const type = data instanceof Uint8Array ? 'uint8' : data instanceof Int8Array ? 'int8' : 'int32';
    return this.#initializer(quantizedTypes[type], data, shape);
  }

  /** A list of whole numbers as a constant of one dimension; equal lists share one constant. */
  ints(values: readonly number[]): string {
    return this.#once(`ints ${values.join()}`, () =>
      this.constant(BigInt64Array.from(values.map(BigInt)), [values.length]),
    );
  }

  /** A float constant of no dimensions; equal values share one constant. */
  float(value: number): string {
    return this.#once(`float ${value}`, () => this.constant(Float32Array.of(value), []));
  }

  /** A matrix of floats as a constant of two dimensions; equal ones share one constant. */
  floats(rows: readonly (readonly number[])[]): string {
    return this.#once(`floats ${JSON.stringify(rows)}`, () =>
      this.constant(Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]),
    );
  }

  /** Adds a node with one output and returns the output's name. An empty input name leaves an optional input out. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain: OnnxDomain = '',
  ): string {
    const name = this.#fresh('v');
    this.#domains.add(domain);
    this.#nodes.push(nodeProto(type, inputs, [name], attributes, domain));
    return name;
  }

  /** The bytes of the ModelProto. */
  finish(): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, 'tengen');
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new MessageWriter().int(1, IR_VERSION).text(2, 'tengen').message(7, graph);
    for (const domain of this.#domains) {
      model.message(8, new MessageWriter().text(1, domain).int(2, domain === '' ? OPSET : 1));
    }
    return model.finish();
  }

  #initializer(type: number, data: ArrayBufferView, shape: Shape): string {
    const name = this.#fresh('c');
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const tensor = new MessageWriter();
    for (const length of shape) tensor.int(1, length);
    tensor.int(2, type).text(8, name).bytes(9, bytes);
    this.#initializers.push(tensor);
    return name;
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }

  #once(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#shared.set(key, name);
    return name;
  }
}

function symbolName(symbol: number): string {
  return symbol === BATCH ? 'batch' : `length${-symbol}`;
}

function valueInfo(name: string, type: TensorType): MessageWriter {
  const shape = new MessageWriter();
  for (const length of type.shape) {
    const dimension = new MessageWriter();
    shape.message(1, isSymbol(length) ? dimension.text(2, symbolName(length)) : dimension.int(1, length));
  }
  const tensor = new MessageWriter().int(1, elementTypes[type.dtype]).message(2, shape);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}

function nodeProto(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
  domain: OnnxDomain,
): MessageWriter {
  const node = new MessageWriter();
  for (const name of inputs) node.text(1, name);
  for (const name of outputs) node.text(2, name);
  node.text(3, `${type} ${outputs.join()}`).text(4, type);
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeProto(name, value));
  return domain === '' ? node : node.text(7, domain);
}

function attributeProto(name: string, value: OnnxAttribute): MessageWriter {
  const attribute = new MessageWriter().text(1, name);
  if (typeof value === 'number') return attribute.int(3, value).int(20, 2);
  if (typeof value === 'string') return attribute.text(4, value).int(20, 3);
  if ('float' in value) return attribute.float(2, value.float).int(20, 1);
  for (const item of value) attribute.int(8, item);
  return attribute.int(20, 7);
}
