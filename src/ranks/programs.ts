/** The pieces of a transformer compiled for a rank: programs of one thread in the calling thread, which they block. */

import type { Engine, NamedTensors, Program, Wanted } from '../engine/engine.js';
import type { Graph } from '../nn/graph.js';
import { next } from '../nn/graph.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import {
  finishParameters,
  headParameters,
  EMBEDDING,
  layerParameter,
  projectParameters,
} from '../nn/networks/transformer/parameters.js';
import { type PieceName, backwardPiece, forwardPiece, gradientName } from '../nn/networks/transformer/pieces.js';
import type { TensorData } from '../nn/types.js';
import { type AttentionInputs, type Kernels, type QueryKeyValue, type Targets, keyValueWidth } from './kernels.js';
import type { ParameterLayout } from './training-state.js';

type Tensors = Record<string, TensorData>;
type Backward = Exclude<PieceName, 'logits'>;
const pieces = ['embed', 'project', 'attend', 'finish', 'loss'] as const satisfies readonly Backward[];
type Pieces = Readonly<Record<(typeof pieces)[number], Program>>;

/** Compiles all pieces. */
export async function openPrograms(
  engine: Engine,
  architecture: TransformerConfiguration,
  layout: ParameterLayout,
): Promise<Programs> {
  const open = async (makeGraph: (name: Backward) => Graph): Promise<Pieces> => {
    const programs: [string, Program][] = [];
    for (const name of pieces) programs.push([name, await engine.compile(makeGraph(name))]);
    return Object.fromEntries(programs) as Pieces;
  };
  return new Programs(
    architecture,
    layout,
    await open((name) => forwardPiece(architecture, name)),
    await open((name) => backwardPiece(architecture, name)),
  );
}

/** A network that a rank runs, with its copy of the weights and the gradients so far. */
export class Programs implements Kernels {
  readonly layers: number;
  readonly hidden: number;
  readonly queryHidden: number;
  readonly keyValueHidden: number;
  readonly #forward: Pieces;
  readonly #backward: Pieces;
  readonly #weights: Float32Array;
  /** Views of the weights by name. */
  readonly #parameters = new Map<string, TensorData & { readonly data: Float32Array }>();
  readonly #gradients: Gradients;
  readonly #ofProject: readonly string[];
  readonly #ofFinish: readonly string[];
  readonly #ofHead: readonly string[];

  constructor(architecture: TransformerConfiguration, layout: ParameterLayout, forward: Pieces, backward: Pieces) {
    this.layers = architecture.layers;
    this.hidden = architecture.hidden;
    this.queryHidden = architecture.heads * architecture.headWidth;
    this.keyValueHidden = keyValueWidth(architecture);
    this.#forward = forward;
    this.#backward = backward;
    this.#weights = new Float32Array(layout.length);
    this.#gradients = new Gradients(layout);
    for (const { name, shape, offset, length } of layout.parameters) {
      this.#parameters.set(name, { shape, data: this.#weights.subarray(offset, offset + length) });
    }
    const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
    this.#ofProject = names(projectParameters(architecture));
    this.#ofFinish = names(finishParameters(architecture));
    this.#ofHead = names(headParameters(architecture));
  }

  /** Copies the weights in, flat as the layout says. */
  setWeights(weights: Float32Array): void {
    this.#weights.set(weights);
  }

  /** Starts a new sum. */
  clearGradients(): void {
    this.#gradients.clear();
  }

  /** The sum of all gradients since `clearGradients`, flat; valid until the next call of anything. */
  get gradient(): Float32Array {
    return this.#gradients.flat();
  }

  async release(): Promise<void> {
    for (const program of [...Object.values(this.#forward), ...Object.values(this.#backward)]) await program.release();
  }

  async embed(tokens: Int32Array): Promise<Float32Array> {
    return this.#run(this.#forward.embed, { tokens: integers(tokens), ...this.#weightsOf([EMBEDDING]) }, 'x');
  }

  async project(layer: number, x: Float32Array, positions: Int32Array): Promise<QueryKeyValue> {
    const inputs = {
      x: rows(x, this.hidden),
      positions: column(positions),
      ...this.#weightsOf(this.#ofProject, layer),
    };
    const results = await this.#forward.project.run(feeds(this.#forward.project, inputs));
    return queryKeyValue(results, '');
  }

  attend(inputs: AttentionInputs): Promise<Float32Array> {
    return this.#run(this.#forward.attend, this.#attention(inputs), 'o');
  }

  finish(layer: number, x: Float32Array, o: Float32Array): Promise<Float32Array> {
    const inputs = { x: rows(x, this.hidden), o: rows(o, this.queryHidden), ...this.#weightsOf(this.#ofFinish, layer) };
    return this.#run(this.#forward.finish, inputs, 'y');
  }

  async loss(x: Float32Array, targets: Targets): Promise<number> {
    return (await this.#run(this.#forward.loss, this.#head(x, targets), 'loss'))[0]!;
  }

  async lossBackward(x: Float32Array, targets: Targets): Promise<{ loss: number; dx: Float32Array }> {
    const results = await this.#differentiate('loss', this.#head(x, targets), this.#ofHead);
    return { loss: floats(results, 'loss')[0]!, dx: floats(results, 'd:x') };
  }

  async finishBackward(
    layer: number,
    x: Float32Array,
    o: Float32Array,
    upstream: Float32Array,
  ): Promise<{ dx: Float32Array; dO: Float32Array }> {
    const inputs = {
      x: rows(x, this.hidden),
      o: rows(o, this.queryHidden),
      'd:y': rows(upstream, this.hidden),
      ...this.#weightsOf(this.#ofFinish, layer),
    };
    const results = await this.#differentiate('finish', inputs, this.#ofFinish, layer);
    return { dx: floats(results, 'd:x'), dO: floats(results, 'd:o') };
  }

  async attendBackward(inputs: AttentionInputs, upstream: Float32Array): Promise<QueryKeyValue> {
    const all = { ...this.#attention(inputs), 'd:o': rows(upstream, this.queryHidden) };
    return queryKeyValue(await this.#differentiate('attend', all, []), 'd:');
  }

  async projectBackward(
    layer: number,
    x: Float32Array,
    positions: Int32Array,
    upstream: QueryKeyValue,
  ): Promise<Float32Array> {
    const inputs = {
      x: rows(x, this.hidden),
      positions: column(positions),
      'd:q': rows(upstream.q, this.queryHidden),
      'd:k': rows(upstream.k, this.keyValueHidden),
      'd:v': rows(upstream.v, this.keyValueHidden),
      ...this.#weightsOf(this.#ofProject, layer),
    };
    return floats(await this.#differentiate('project', inputs, this.#ofProject, layer), 'd:x');
  }

  async embedBackward(tokens: Int32Array, upstream: Float32Array): Promise<void> {
    const inputs = {
      tokens: integers(tokens),
      'd:x': rows(upstream, this.hidden),
      ...this.#weightsOf([EMBEDDING]),
    };
    await this.#differentiate('embed', inputs, [EMBEDDING]);
  }

  async #run(program: Program, inputs: Tensors, output: string): Promise<Float32Array> {
    return floats(await program.run(feeds(program, inputs)), output);
  }

  /** Runs a backward piece with the gradients of its parameters going in and coming out. */
  async #differentiate(
    name: Backward,
    inputs: Tensors,
    parameters: readonly string[],
    layer?: number,
  ): Promise<NamedTensors> {
    const program = this.#backward[name];
    const wanted: Record<string, Wanted[string]> = {};
    for (const output of program.outputNames) wanted[output] = null;
    const all: Tensors = { ...inputs };
    for (const parameter of parameters) {
      const { present, spare } = this.#gradients.buffers(inLayer(parameter, layer));
      all[gradientName(parameter)] = present;
      wanted[next(gradientName(parameter))] = spare;
    }
    const results = await program.run(feeds(program, all), wanted);
    for (const parameter of parameters) this.#gradients.swap(inLayer(parameter, layer));
    return results;
  }

  #weightsOf(parameters: readonly string[], layer?: number): Tensors {
    return Object.fromEntries(parameters.map((name) => [name, this.#parameters.get(inLayer(name, layer))!]));
  }

  #attention(inputs: AttentionInputs): Tensors {
    const { q, k, v, queryPositions, querySegments, keyPositions, keySegments } = inputs;
    return {
      q: rows(q, this.queryHidden),
      k: rows(k, this.keyValueHidden),
      v: rows(v, this.keyValueHidden),
      queryPositions: column(queryPositions),
      querySegments: column(querySegments),
      keyPositions: column(keyPositions),
      keySegments: column(keySegments),
    };
  }

  #head(x: Float32Array, { targets, weights, normaliser }: Targets): Tensors {
    return {
      x: rows(x, this.hidden),
      targets: column(targets),
      weights: { shape: [weights.length, 1], data: weights },
      normaliser: { shape: [], data: Float32Array.of(normaliser) },
      ...this.#weightsOf(this.#ofHead),
    };
  }
}

/** The gradients so far in two flat arrays: a piece reads from one and writes to the other, parameter by parameter. */
class Gradients {
  readonly #layout: ParameterLayout;
  readonly #flat: readonly [Float32Array, Float32Array];
  readonly #views = new Map<string, readonly [TensorData, TensorData]>();
  /** Which of the two holds the present sum. */
  readonly #present = new Map<string, 0 | 1>();

  constructor(layout: ParameterLayout) {
    this.#layout = layout;
    this.#flat = [new Float32Array(layout.length), new Float32Array(layout.length)];
    for (const { name, shape, offset, length } of layout.parameters) {
      const view = (flat: Float32Array): TensorData => ({ shape, data: flat.subarray(offset, offset + length) });
      this.#views.set(name, [view(this.#flat[0]), view(this.#flat[1])]);
    }
  }

  clear(): void {
    this.#present.clear();
    this.#flat[0].fill(0);
  }

  buffers(name: string): { present: TensorData; spare: TensorData } {
    const present = this.#present.get(name) ?? 0;
    const views = this.#views.get(name)!;
    return { present: views[present], spare: views[present === 0 ? 1 : 0] };
  }

  swap(name: string): void {
    this.#present.set(name, this.#present.get(name) === 1 ? 0 : 1);
  }

  /** Everything in one of the arrays. */
  flat(): Float32Array {
    for (const { name, offset, length } of this.#layout.parameters) {
      if (this.#present.get(name) !== 1) continue;
      this.#flat[0].set(this.#flat[1].subarray(offset, offset + length), offset);
      this.#present.set(name, 0);
    }
    return this.#flat[0];
  }
}

function inLayer(name: string, layer: number | undefined): string {
  return layer === undefined ? name : layerParameter(layer, name);
}

/** Only what the piece uses: a gradient may not need its own weights. */
function feeds(program: Program, inputs: Tensors): Tensors {
  return Object.fromEntries(program.inputNames.map((name) => [name, inputs[name]!]));
}

function rows(data: Float32Array, width: number): TensorData {
  return { shape: [data.length / width, width], data };
}

function column(values: Int32Array): TensorData {
  return { shape: [values.length, 1], data: Float32Array.from(values) };
}

function integers(values: Int32Array): TensorData {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

function floats(results: NamedTensors, name: string): Float32Array {
  return results[name]!.data as Float32Array;
}

function queryKeyValue(results: NamedTensors, prefix: string): QueryKeyValue {
  return { q: floats(results, `${prefix}q`), k: floats(results, `${prefix}k`), v: floats(results, `${prefix}v`) };
}
