/** The second engine: the same graph, interpreted with TensorFlow.js. */

import { AppError, check } from '../../core/errors.js';
import { type Graph, type Tensor, next } from '../../nn/graph.js';
import { simplify } from '../../nn/simplify.js';
import type { TfTensor } from '../../nn/tensorflow.js';
import type { TensorType } from '../../nn/types.js';
import {
  type Engine,
  type NamedTensors,
  type Program,
  type Training,
  type Wanted,
  checkTensors,
  inputTypes,
  stepSignature,
  writeInto,
} from '../engine.js';
import { checkNotClosing } from '../closing.js';
import { type TfRuntime, fromTf, interpret, toTf } from './interpreter.js';

/**
 * Loads the engine on `@tensorflow/tfjs-node-gpu`, an optional peer dependency.
 *
 * @throws AppError 'failed-precondition' if the package is not installed or does not start
 */
export async function openEngine(): Promise<Engine> {
  const packageName = '@tensorflow/tfjs-node-gpu';
  try {
    const loaded = (await import(packageName)) as { default?: object };
    return tensorflowEngine(loaded.default ?? loaded);
  } catch (error) {
    const advice = `npm install ${packageName} --ignore-scripts=false, or choose --engine onnxruntime`;
    throw new AppError('failed-precondition', `The tensorflow engine needs the package ${packageName}: ${advice}`, {
      cause: error,
    });
  }
}

/** An engine on a TensorFlow.js namespace (`import * as tf`), with whatever backend that has chosen. */
export function tensorflowEngine(namespace: object): Engine {
  const tf = {
    ...namespace,
    data: (tensor: TfTensor) => (tensor as unknown as { data(): Promise<Float32Array> }).data(),
  } as unknown as TfRuntime;
  return {
    name: 'tensorflow',
    compile(original, options = {}): Promise<Program> {
      const types = inputTypes(original, options.constants);
      const graph = simplify(original);
      const held = hold(tf, graph, options.constants);
      return Promise.resolve(new TfProgram(tf, graph, types, held));
    },
    train(original, state): Promise<Training> {
      return new Promise((resolve) => resolve(new TfTraining(tf, original, state)));
    },
    close: () => Promise.resolve(),
  };
}

/** The graph's constants, and the inputs made constant, as TensorFlow.js tensors. */
function hold(tf: TfRuntime, graph: Graph, constants?: Parameters<typeof inputTypes>[1]): Map<Tensor, TfTensor> {
  const held = new Map<Tensor, TfTensor>();
  for (const tensor of graph.order) {
    const data = tensor.kind === 'constant' ? tensor.data : tensor.kind === 'input' && constants?.get(tensor.name);
    if (data) held.set(tensor, toTf(tf, { shape: tensor.shape, data }, tensor.dtype));
  }
  return held;
}

class TfProgram implements Program {
  readonly #tf: TfRuntime;
  readonly #graph: Graph;
  readonly #types: ReadonlyMap<string, TensorType>;
  #held: Map<Tensor, TfTensor> | undefined;

  constructor(tf: TfRuntime, graph: Graph, types: ReadonlyMap<string, TensorType>, held: Map<Tensor, TfTensor>) {
    this.#tf = tf;
    this.#graph = graph;
    this.#types = types;
    this.#held = held;
  }

  get inputNames(): string[] {
    return [...this.#types.keys()];
  }

  get outputNames(): string[] {
    return [...this.#graph.outputs.keys()];
  }

  async run(inputs: NamedTensors, wanted?: Wanted): Promise<NamedTensors> {
    checkNotClosing();
    checkTensors(this.#types, inputs, 'input');
    check(this.#held !== undefined, 'The program was released');
    const given = [...this.#types.keys()].map((name) => {
      const tensor = this.#graph.inputs.get(name)!;
      return [tensor, toTf(this.#tf, inputs[name]!, tensor.dtype)] as const;
    });
    const results = interpret(this.#tf, this.#graph, new Map([...this.#held, ...given]));
    const outputs: Record<string, NamedTensors[string]> = {};
    for (const name of Object.keys(wanted ?? Object.fromEntries(results))) {
      const value = await fromTf(this.#tf, results.get(name)!, this.#graph.outputs.get(name)!.dtype);
      outputs[name] = writeInto(wanted?.[name], value);
    }
    const kept = new Set(this.#held.values());
    const done = new Set([...given.map(([, tensor]) => tensor), ...results.values()]);
    this.#tf.dispose([...done].filter((tensor) => !kept.has(tensor)));
    return outputs;
  }

  release(): Promise<void> {
    this.#tf.dispose([...(this.#held?.values() ?? [])]);
    this.#held = undefined;
    return Promise.resolve();
  }
}

/** Keeps the state on the TensorFlow.js backend between steps. */
class TfTraining implements Training {
  readonly #tf: TfRuntime;
  readonly #graph: Graph;
  readonly #signature: ReturnType<typeof stepSignature>;
  readonly #held: Map<Tensor, TfTensor>;
  #state: Map<string, TfTensor>;

  constructor(tf: TfRuntime, original: Graph, state: NamedTensors) {
    this.#tf = tf;
    this.#signature = stepSignature(original);
    checkTensors(this.#signature.state, state, 'state');
    this.#graph = simplify(original);
    this.#held = hold(tf, this.#graph);
    this.#state = this.#load(state);
  }

  async step(batch: NamedTensors): Promise<Record<string, number>> {
    checkNotClosing();
    checkTensors(this.#signature.batch, batch, 'batch input');
    const given = new Map(this.#held);
    for (const [name, tensor] of this.#state) given.set(this.#graph.inputs.get(name)!, tensor);
    const fed = [...this.#signature.batch].map(([name, { dtype }]) => {
      const value = toTf(this.#tf, batch[name]!, dtype);
      given.set(this.#graph.inputs.get(name)!, value);
      return value;
    });
    const results = interpret(this.#tf, this.#graph, given);
    const reports: Record<string, number> = {};
    for (const name of this.#signature.reports) {
      reports[name] = Number((await fromTf(this.#tf, results.get(name)!, 'float32')).data[0]);
    }
    const state = new Map([...this.#state.keys()].map((name) => [name, results.get(next(name))!]));
    const kept = new Set([...state.values(), ...this.#held.values()]);
    const done = new Set([...fed, ...this.#state.values(), ...results.values()]);
    this.#tf.dispose([...done].filter((tensor) => !kept.has(tensor)));
    this.#state = state;
    return reports;
  }

  async exportState(): Promise<NamedTensors> {
    const copies: Record<string, NamedTensors[string]> = {};
    for (const [name, tensor] of this.#state) {
      copies[name] = await fromTf(this.#tf, tensor, this.#signature.state.get(name)!.dtype);
    }
    return copies;
  }

  importState(state: NamedTensors): Promise<void> {
    checkTensors(this.#signature.state, state, 'state');
    this.#tf.dispose([...this.#state.values()]);
    this.#state = this.#load(state);
    return Promise.resolve();
  }

  release(): Promise<void> {
    this.#tf.dispose([...this.#state.values(), ...this.#held.values()]);
    this.#state = new Map();
    return Promise.resolve();
  }

  #load(state: NamedTensors): Map<string, TfTensor> {
    const types = [...this.#signature.state];
    return new Map(types.map(([name, { dtype }]) => [name, toTf(this.#tf, state[name]!, dtype)]));
  }
}
