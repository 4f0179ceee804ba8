/**
 * What runs graphs. A graph is compiled once and run many times; the two implementations (onnxruntime, tensorflow)
 * give the same answers and share one contract suite (test/contract/engine.test.ts).
 */

import type { Graph } from '../nn/graph.js';
import type { ElementData, TensorData } from '../nn/types.js';

/** Values by input or output name. */
export type NamedTensors = Readonly<Record<string, TensorData>>;

/** Choices in compiling a graph. */
export interface CompileOptions {
  /** Values for inputs that become part of the program, by name: weights to serve. */
  readonly constants?: ReadonlyMap<string, ElementData>;
  /** Threads one operation may use; 1 if not given. */
  readonly threads?: number;
}

/** A compiled graph. */
export interface Program {
  /**
   * Computes all outputs. Inputs are only read; the outputs are new.
   *
   * @throws AppError 'invalid-argument' if an input is missing, unknown or has another shape
   */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  /** Frees what the program holds; it cannot run again. */
  release(): Promise<void>;
}

/** Compiles graphs for one runtime. */
export interface Engine {
  readonly name: string;
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
}
