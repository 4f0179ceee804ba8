/** One loaded model inside a session thread: packed positions in, outputs in shared memory out. */

import { check } from '../core/errors.js';
import type { Engine, Program } from '../engine/engine.js';
import { FEATURES_VERSION, GLOBAL_COUNT, PLANE_COUNT, writeFeatures } from '../go/features.js';
import { decodeModel } from '../nn/model-file.js';
import { boardsOf } from '../nn/networks/go-network.js';
import { servingConstants, servingGraph } from '../nn/networks/serving.js';
import type { ModelShape } from './model-source.js';
import { recordBytes, unpackRecord } from './record.js';
import type { InferInputs, InferOutputs } from './session-messages.js';
import type { SlotOutputs } from './slots.js';

/** A model that can be run. */
export class ServingSession {
  readonly shape: ModelShape;
  readonly #program: Program;
  readonly #stones: Uint8Array;
  #planes = new Float32Array(0);
  #globals = new Float32Array(0);

  private constructor(program: Program, shape: ModelShape) {
    this.#program = program;
    this.shape = shape;
    this.#stones = new Uint8Array(shape.size * shape.size);
  }

  /**
   * Compiles a model file.
   *
   * @throws AppError 'invalid-argument' if the file is not a model or wants features that this server does not make
   */
  static async load(file: Uint8Array, engine: Engine): Promise<ServingSession> {
    const model = decodeModel(file);
    const { planes, globals, features } = model.architecture;
    const size = boardsOf(model.architecture)[1];
    check(
      features === FEATURES_VERSION && planes === PLANE_COUNT && globals === GLOBAL_COUNT,
      () =>
        `The model reads features '${features}' (${planes} planes, ${globals} globals); ` +
        `this server makes '${FEATURES_VERSION}' (${PLANE_COUNT} planes, ${GLOBAL_COUNT} globals)`,
    );
    const program = await engine.compile(servingGraph(model.architecture), { constants: servingConstants(model) });
    return new ServingSession(program, { size, planes, globals });
  }

  /** Evaluates `count` packed positions and writes `outputs`; ownership only where wanted. */
  async evaluate(records: Uint8Array, count: number, outputs: SlotOutputs, ownership: boolean): Promise<void> {
    const { size, planes, globals } = this.shape;
    const planeFloats = planes * size * size;
    if (this.#planes.length < count * planeFloats) {
      this.#planes = new Float32Array(count * planeFloats);
      this.#globals = new Float32Array(count * globals);
    }
    const stride = recordBytes(size);
    for (let i = 0; i < count; i++) {
      const snapshot = unpackRecord(records, i * stride, size, this.#stones);
      writeFeatures(snapshot, 0, this.#planes, i * planeFloats, this.#globals, i * globals);
    }
    const results = await this.infer({ planes: this.#planes, globals: this.#globals, count });
    outputs.policy.set(results['policy']!.data);
    outputs.value.set(results['value']!.data);
    outputs.score.set(results['score']!.data);
    if (ownership) outputs.ownership.set(results['ownership']!.data);
  }

  /** Runs the network on features; the arrays may be longer than `count` needs. */
  async infer({ planes, globals, count }: InferInputs): Promise<InferOutputs> {
    const { size, planes: planeCount, globals: globalCount } = this.shape;
    const results = await this.#program.run({
      planes: { shape: [count, planeCount, size, size], data: planes.subarray(0, count * planeCount * size * size) },
      globals: { shape: [count, globalCount], data: globals.subarray(0, count * globalCount) },
    });
    return results as InferOutputs;
  }

  /** Frees the program. */
  release(): Promise<void> {
    return this.#program.release();
  }
}
