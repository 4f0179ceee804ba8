/** One loaded model inside a session thread: packed positions in, outputs in shared memory out. */

import { check } from '../core/errors.js';
import { trace } from '../core/trace.js';
import type { Engine } from '../engine/engine.js';
import type { FeatureSet } from '../go/feature-set.js';
import { featureSet } from '../go/features.js';
import { MAX_SIZE } from '../go/rules.js';
import { symmetryMap } from '../go/symmetry.js';
import { decodeModel } from '../nn/model-file.js';
import { boardsOf } from '../nn/networks/go-network.js';
import { servingGraph } from '../nn/networks/serving.js';
import type { ModelShape } from './model-source.js';
import { packedBytes, type PackedPositions, unpackPosition } from '../go/packed-position.js';
import { scoreFields } from '../go/scores.js';
import type { InferInputs, InferOutputs } from './session-messages.js';
import { type ServingForm, SizedPrograms } from './sized-programs.js';
import type { SlotOutputs } from './slots.js';

/** Positions to evaluate. */
export interface AskedPositions extends PackedPositions {
  /** Whether ownership is wanted. */
  readonly ownership: boolean;
}

/** A model that can be run. */
export class ServingSession {
  readonly shape: ModelShape;
  readonly #programs: SizedPrograms;
  readonly #features: FeatureSet;
  readonly #stones = new Uint8Array(MAX_SIZE * MAX_SIZE);
  #planes = new Float32Array(0);
  #globals = new Float32Array(0);

  private constructor(programs: SizedPrograms, features: FeatureSet, shape: ModelShape) {
    this.#programs = programs;
    this.#features = features;
    this.shape = shape;
  }

  /**
   * Reads a model file, and compiles it if it plays one board size only; others are compiled when they are asked for.
   *
   * @throws AppError 'invalid-argument' if the file is not a model or wants features that this server does not make
   */
  static async load(file: Uint8Array, engine: Engine, form: ServingForm = {}): Promise<ServingSession> {
    const model = decodeModel(file);
    const { planes, globals } = model.architecture;
    const features = featureSet(model.architecture.features);
    check(
      planes === features.planes && globals === features.globals,
      () =>
        `The model reads ${planes} planes and ${globals} globals; ` +
        `'${features.name}' has ${features.planes} and ${features.globals}`,
    );
    const programs = new SizedPrograms(model, engine, form);
    const boards = boardsOf(model.architecture);
    if (boards[0] === boards[1]) await programs.get(boards[1]);
    const outputs = [...servingGraph(model.architecture).outputs.keys()];
    return new ServingSession(programs, features, { boards, planes, globals, outputs });
  }

  /**
   * Evaluates positions and writes `outputs`; ownership only where wanted.
   *
   * @param symmetries [count], the symmetry (go/symmetry.ts) in which the network sees each position; as they are if not given.
   *   What is written is of the positions as they are in any case.
   */
  async evaluate(positions: AskedPositions, outputs: SlotOutputs, symmetries?: Uint8Array): Promise<void> {
    const { packed, count, size } = positions;
    const parts = Math.max(1, Math.round(count / this.#programs.positionsInPart(size)));
    const stride = packedBytes(size);
    for (let part = 0; part < parts; part++) {
      const [from, to] = [Math.floor((part * count) / parts), Math.floor(((part + 1) * count) / parts)];
      const some = { ...positions, packed: packed.subarray(from * stride, to * stride), count: to - from };
      await this.#evaluatePart(some, rowsOf(outputs, from, to, size), symmetries?.subarray(from, to));
    }
  }

  async #evaluatePart(positions: AskedPositions, outputs: SlotOutputs, symmetries?: Uint8Array): Promise<void> {
    const { count, size, ownership } = positions;
    const started = trace ? performance.now() : 0;
    const features = this.features(positions, symmetries);
    trace?.add('features', started, count);
    const ready = trace ? performance.now() : 0;
    const results = await this.infer(features);
    trace?.add('network', ready, count);
    const answered = trace ? performance.now() : 0;
    outputs.value.set(results['value']!.data);
    writeScoreColumns(results, count, outputs.scores);
    if (symmetries) {
      const turned = { count, size, symmetries };
      turnBack(results['policy']!.data, outputs.policy, size * size + 1, turned);
      if (ownership) turnBack(results['ownership']!.data, outputs.ownership, size * size, turned);
    } else {
      outputs.policy.set(results['policy']!.data);
      if (ownership) outputs.ownership.set(results['ownership']!.data);
    }
    trace?.add('outputs', answered, count);
  }

  /** What the network reads of positions, turned by `symmetries` [count] if given; valid until the next call. */
  features({ packed, count, size }: PackedPositions, symmetries?: Uint8Array): InferInputs {
    const { planes, globals } = this.shape;
    const planeFloats = planes * size * size;
    if (this.#planes.length < count * planeFloats) this.#planes = new Float32Array(count * planeFloats);
    if (this.#globals.length < count * globals) this.#globals = new Float32Array(count * globals);
    const stride = packedBytes(size);
    const stones = this.#stones.subarray(0, size * size);
    for (let i = 0; i < count; i++) {
      const snapshot = unpackPosition(packed, i * stride, size, stones);
      this.#features.write(snapshot, symmetries?.[i] ?? 0, this.#planes, i * planeFloats, this.#globals, i * globals);
    }
    return { planes: this.#planes, globals: this.#globals, count, size };
  }

  /** Runs the network on features; the arrays may be longer than `count` needs. */
  async infer({ planes, globals, count, size }: InferInputs): Promise<InferOutputs> {
    const { planes: planeCount, globals: globalCount } = this.shape;
    const program = await this.#programs.get(size);
    const results = await program.run({
      planes: { shape: [count, planeCount, size, size], data: planes.subarray(0, count * planeCount * size * size) },
      globals: { shape: [count, globalCount], data: globals.subarray(0, count * globalCount) },
    });
    return results as InferOutputs;
  }

  /** Frees the programs. */
  release(): Promise<void> {
    return this.#programs.release();
  }
}

/**
 * Writes what was said of turned boards as it is on the boards themselves: entry i of a board is entry `map[i]` of the turned
 * one. `entries` a board are size², or size² + 1 with a pass.
 */
function turnBack(
  turned: Float32Array,
  out: Float32Array,
  entries: number,
  { count, size, symmetries }: { readonly count: number; readonly size: number; readonly symmetries: Uint8Array },
): void {
  for (let board = 0; board < count; board++) {
    const map = symmetryMap(size, symmetries[board]!);
    const from = board * entries;
    for (let i = 0; i < entries; i++) out[from + i] = turned[from + map[i]!]!;
  }
}

function rowsOf(
  { policy, value, scores, ownership }: SlotOutputs,
  from: number,
  to: number,
  size: number,
): SlotOutputs {
  const rows = (of: Float32Array, entries: number): Float32Array => of.subarray(from * entries, to * entries);
  const points = size * size;
  return {
    policy: rows(policy, points + 1),
    value: rows(value, 3),
    scores: rows(scores, scoreFields.length),
    ownership: rows(ownership, points),
  };
}

/** Puts the columns that the network gives side by side; NaN for the others. */
function writeScoreColumns(results: InferOutputs, count: number, scores: Float32Array): void {
  const errors = results['errors']?.data;
  const columns = ['score', 'scoreStdev', 'lead'].map((name) => ({ data: results[name]?.data, stride: 1, from: 0 }));
  for (let from = 0; from < 3; from++) columns.push({ data: errors, stride: 3, from });
  columns.forEach(({ data, stride, from }, field) => {
    for (let i = 0; i < count; i++) scores[i * scoreFields.length + field] = data?.[i * stride + from] ?? NaN;
  });
}
