/** A training step as one ONNX model, with its state kept between steps. Runs in the calling thread. */

import { check } from '../../core/errors.js';
import { next } from '../../nn/graph.js';
import { type ElementData, type TensorData, type TensorType, sizeOf } from '../../nn/types.js';
import { type NamedTensors, type StepSignature, type Training, checkTensors } from '../engine.js';
import type { Session } from './session.js';

type Mutable = Record<string, TensorData>;

/** Owns `session` and the state. */
export class OnnxTraining implements Training {
  readonly #session: Session;
  readonly #signature: StepSignature;
  /** Two sets of buffers that change places: a step reads one and writes the other, so steps allocate nothing. */
  #state: Mutable;
  #spare: Mutable;

  constructor(session: Session, signature: StepSignature, state: NamedTensors) {
    checkTensors(signature.state, state, 'state');
    this.#session = session;
    this.#signature = signature;
    this.#state = copyOf(state);
    this.#spare = Object.fromEntries([...signature.state].map(([name, type]) => [name, empty(type)]));
  }

  async step(batch: NamedTensors): Promise<Record<string, number>> {
    checkTensors(this.#signature.batch, batch, 'batch input');
    const outputs: Record<string, TensorData | null> = {};
    for (const [name, buffer] of Object.entries(this.#spare)) outputs[next(name)] = buffer;
    for (const name of this.#signature.reports) outputs[name] = null;
    const results = await this.#session.run({ ...batch, ...this.#state }, outputs);
    [this.#state, this.#spare] = [this.#spare, this.#state];
    return Object.fromEntries(this.#signature.reports.map((name) => [name, Number(results[name]!.data[0])]));
  }

  /** The present state itself, valid until the next step. */
  get state(): NamedTensors {
    return this.#state;
  }

  exportState(): Promise<NamedTensors> {
    return Promise.resolve(copyOf(this.#state));
  }

  importState(state: NamedTensors): Promise<void> {
    checkTensors(this.#signature.state, state, 'state');
    this.#state = copyOf(state);
    return Promise.resolve();
  }

  async release(): Promise<void> {
    check(Object.keys(this.#spare).length === Object.keys(this.#state).length, 'A training was released twice');
    this.#state = {};
    await this.#session.release();
  }
}

function copyOf(tensors: NamedTensors): Mutable {
  const copies = Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]);
  return Object.fromEntries(copies) as Mutable;
}

function empty({ shape, dtype }: TensorType): TensorData {
  const size = sizeOf(shape);
  const makers: Record<TensorType['dtype'], () => ElementData> = {
    float32: () => new Float32Array(size),
    int64: () => new BigInt64Array(size),
    bool: () => new Uint8Array(size),
  };
  return { shape, data: makers[dtype]() };
}
