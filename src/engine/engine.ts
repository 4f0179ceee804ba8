/**
 * What runs graphs. A graph is compiled once and run many times; the implementations (onnxruntime, tensorflow, either of
 * them in this thread or in one of its own) give the same answers and share one contract suite, test/contract/engine.test.ts.
 */

import { type Graph, stateNames } from '../nn/graph.js';
import { check } from '../core/errors.js';
import type { Range } from '../nn/quantization/ranges.js';
import {
  type ElementData,
  type TensorData,
  type TensorType,
  dtypeOf,
  isSymbol,
  shapeText,
  sizeOf,
} from '../nn/types.js';

/** Values by input or output name. */
export type NamedTensors = Readonly<Record<string, TensorData>>;

/** The outputs that are wanted: with the tensor that each is written into, or `null` for new memory. */
export type Wanted = Readonly<Record<string, TensorData | null>>;

/** Choices in compiling a graph. */
export interface CompileOptions {
  /** Values for inputs that become part of the program, by name: weights to serve. */
  readonly constants?: ReadonlyMap<string, ElementData>;
  /** Ranges by which a part is computed in eight bits (nn/onnx/lower.ts); engines without eight bits compute in float32. */
  readonly ranges?: readonly Range[] | undefined;
  /** Threads one operation may use; 1 if not given. */
  readonly threads?: number;
}

/** A compiled graph. */
export interface Program {
  /** Of the inputs that are given at run time. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Computes all outputs, or those in `wanted`. Inputs are only read.
   *
   * @throws AppError 'invalid-argument' if an input is missing, unknown or has another type or shape
   */
  run(inputs: NamedTensors, wanted?: Wanted): Promise<NamedTensors>;
  /** Frees what the program holds; it cannot run again. */
  release(): Promise<void>;
}

/** A training step and the state it carries from one step to the next (see `next` in src/nn/graph.ts). */
export interface Training {
  /**
   * Runs one step on `batch` (every input that is not state) and keeps the new state. Where the step marks totals and the
   * engine takes parts, inputs that only totals need may be longer in their first dimension: they are cut into parts as
   * long as the graph says, the last filled up with zeros.
   *
   * @returns the graph's other outputs, which must be scalars: losses, gradient norm …
   * @throws AppError 'invalid-argument' as `Program.run`; the state is then as before
   */
  step(batch: NamedTensors): Promise<Record<string, number>>;
  /** A copy of the whole state, enough to continue bit for bit. */
  exportState(): Promise<NamedTensors>;
  /** Replaces the whole state. */
  importState(state: NamedTensors): Promise<void>;
  /** Frees the program and the state. */
  release(): Promise<void>;
}

/** Compiles graphs for one runtime. */
export interface Engine {
  readonly name: string;
  /**
   * Floats of one layer's activations that its caches hold best: batches to serve are cut into such parts, and training
   * steps (src/nn/parts.ts), of which threads compute whole parts. Not given: both are best computed at once; steps must be.
   */
  readonly partFloats?: number;
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
  /** Compiles a training step and gives it its first state: a value for every input that has a `next` output. */
  train(graph: Graph, state: NamedTensors, options?: CompileOptions): Promise<Training>;
  /** Frees what the engine itself holds (threads). Programs and trainings are released first. */
  close(): Promise<void>;
}

/**
 * Checks that `given` has exactly the wanted names, and values of the wanted types and shapes.
 *
 * @throws AppError 'invalid-argument' naming the first that does not fit
 */
export function checkTensors(wanted: ReadonlyMap<string, TensorType>, given: NamedTensors, what: string): void {
  for (const name of Object.keys(given)) {
    check(wanted.has(name), () => `There is no ${what} '${name}'; known are ${[...wanted.keys()].join(', ')}`);
  }
  for (const [name, type] of wanted) {
    const value = given[name];
    check(value !== undefined, `The ${what} '${name}' is missing`);
    const fits =
      value.shape.length === type.shape.length &&
      value.shape.every((length, i) => length === type.shape[i] || (isSymbol(type.shape[i]!) && length > 0));
    check(fits && dtypeOf(value.data) === type.dtype && sizeOf(value.shape) === value.data.length, () => {
      const seen = `${dtypeOf(value.data)} ${shapeText(value.shape)} with ${value.data.length} elements`;
      return `The ${what} '${name}' is ${seen}; wanted is ${type.dtype} ${shapeText(type.shape)}`;
    });
  }
}

/** The types of a graph's inputs that are given at run time. */
export function inputTypes(graph: Graph, constants?: ReadonlyMap<string, ElementData>): Map<string, TensorType> {
  return new Map([...graph.inputs].filter(([name]) => constants?.has(name) !== true));
}

/** A result, copied into the tensor that it is wanted in, if there is one. */
export function writeInto(wanted: TensorData | null | undefined, result: TensorData): TensorData {
  if (!wanted) return result;
  (wanted.data as Float32Array).set(result.data as Float32Array);
  return wanted;
}

/** What a training step takes and reports, by kind. */
export interface StepSignature {
  readonly state: ReadonlyMap<string, TensorType>;
  readonly batch: ReadonlyMap<string, TensorType>;
  readonly reports: readonly string[];
}

/** Sorts a step's inputs into state and batch, and checks that everything else it gives is a scalar. */
export function stepSignature(graph: Graph): StepSignature {
  const names = new Set(stateNames(graph));
  const inputs = [...inputTypes(graph)];
  const reports = [...graph.outputs].filter(([name]) => !name.startsWith('next:'));
  for (const [name, tensor] of reports) {
    check(sizeOf(tensor.shape) === 1, `Output '${name}' of a training step must be a scalar`);
  }
  return {
    state: new Map(inputs.filter(([name]) => names.has(name))),
    batch: new Map(inputs.filter(([name]) => !names.has(name))),
    reports: reports.map(([name]) => name),
  };
}
