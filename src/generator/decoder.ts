/**
 * A transformer that reads new tokens of many sequences at once: everything but the attention works on the rows of all of
 * them together, the attention on each sequence with its cache. Blocks the calling thread.
 */

import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../core/signals.js';
import type { Engine, NamedTensors, Program } from '../engine/engine.js';
import type { Model } from '../nn/model-file.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import { layerParameter } from '../nn/networks/transformer/parameters.js';
import { forwardPiece, type PieceName } from '../nn/networks/transformer/pieces.js';
import type { TensorData } from '../nn/types.js';
import { KeyValueCache } from './cache.js';

/** New tokens of a sequence. */
export interface Reading {
  readonly cache: KeyValueCache;
  /** At least one. */
  readonly tokens: readonly number[];
}

/** A model ready to read. */
export class Decoder {
  readonly configuration: TransformerConfiguration;
  readonly #embed: Program;
  readonly #attend: Program;
  readonly #logits: Program;
  readonly #layers: readonly { readonly project: Program; readonly finish: Program }[];

  /** Compiles the model; its weights become part of the programs, which lets ONNX Runtime pack them once. */
  static async open(engine: Engine, { architecture, weights }: Model<TransformerConfiguration>): Promise<Decoder> {
    const open = async (piece: PieceName, layer?: number): Promise<Program> => {
      const graph = forwardPiece(architecture, piece);
      const constants = new Map<string, Float32Array>();
      for (const name of graph.inputs.keys()) {
        const weight = weights.get(layer === undefined ? name : layerParameter(layer, name));
        if (weight) constants.set(name, weight.data);
      }
      return engine.compile(graph, { constants });
    };
    const layers = [];
    for (let layer = 0; layer < architecture.layers; layer++) {
      layers.push({ project: await open('project', layer), finish: await open('finish', layer) });
    }
    return new Decoder(architecture, await open('embed'), await open('attend'), await open('logits'), layers);
  }

  private constructor(
    configuration: TransformerConfiguration,
    embed: Program,
    attend: Program,
    logits: Program,
    layers: readonly { readonly project: Program; readonly finish: Program }[],
  ) {
    this.configuration = configuration;
    this.#embed = embed;
    this.#attend = attend;
    this.#logits = logits;
    this.#layers = layers;
  }

  /** Keys and values of a new sequence. */
  makeCache(): KeyValueCache {
    return new KeyValueCache(this.configuration.layers, this.#keyValueWidth);
  }

  /** Reads the tokens into the caches and returns, for each sequence, the logits after the last of its tokens [V]. */
  async read(readings: readonly Reading[]): Promise<Float32Array[]> {
    const last = lastRows(readings, await this.#stream(readings), this.configuration.hidden);
    const logits = await value(this.#logits, 'logits', { x: rows(last, this.configuration.hidden) });
    const { vocabulary } = this.configuration;
    return readings.map((_, i) => logits.subarray(i * vocabulary, (i + 1) * vocabulary));
  }

  /**
   * The logits after every token of a sequence [T, V].
   *
   * @param pieceTokens tokens read in one step; the thread listens between two
   * @param signal ends the reading at the next step
   */
  async logits(
    tokens: readonly number[],
    pieceTokens = tokens.length,
    signal?: AbortSignal,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { hidden, vocabulary } = this.configuration;
    const cache = this.makeCache();
    const all = new Float32Array(tokens.length * vocabulary);
    for (let at = 0; at < tokens.length; at += pieceTokens) {
      await setImmediate();
      throwIfAborted(signal);
      const x = await this.#stream([{ cache, tokens: tokens.slice(at, at + pieceTokens) }]);
      all.set(await value(this.#logits, 'logits', { x: rows(x, hidden) }), at * vocabulary);
    }
    return all;
  }

  /** The residual stream after the last layer, a row for every token. */
  async #stream(readings: readonly Reading[]): Promise<Float32Array> {
    const { heads, headWidth, hidden } = this.configuration;
    const tokens = readings.flatMap((reading) => reading.tokens);
    const positions = readings.flatMap(({ cache, tokens: own }) => own.map((_, i) => cache.length + i));
    let x = await value(this.#embed, 'x', { tokens: integers(tokens) });
    for (const [layer, { project, finish }] of this.#layers.entries()) {
      const projected = await project.run({ x: rows(x, hidden), positions: column(positions) });
      const o = await this.#attendAll(layer, readings, projected);
      x = await value(finish, 'y', { x: rows(x, hidden), o: rows(o, heads * headWidth) });
    }
    for (const { cache, tokens: own } of readings) cache.advance(own.length);
    return x;
  }

  /** Frees the programs. */
  async release(): Promise<void> {
    const ofLayers = this.#layers.flatMap(({ project, finish }) => [project, finish]);
    for (const program of [this.#embed, this.#attend, this.#logits, ...ofLayers]) await program.release();
  }

  get #keyValueWidth(): number {
    return this.configuration.keyValueHeads * this.configuration.headWidth;
  }

  async #attendAll(layer: number, readings: readonly Reading[], projected: NamedTensors): Promise<Float32Array> {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => projected[name]!.data as Float32Array) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const queryWidth = this.configuration.heads * this.configuration.headWidth;
    const width = this.#keyValueWidth;
    const o = new Float32Array(q.length);
    let row = 0;
    for (const { cache, tokens } of readings) {
      const end = row + tokens.length;
      const all = cache.append(layer, k.subarray(row * width, end * width), v.subarray(row * width, end * width));
      const own = await value(this.#attend, 'o', {
        q: rows(q.subarray(row * queryWidth, end * queryWidth), queryWidth),
        k: rows(all.k, width),
        v: rows(all.v, width),
        queryPositions: range(cache.length, tokens.length),
        querySegments: zeros(tokens.length),
        keyPositions: range(0, cache.length + tokens.length),
        keySegments: zeros(cache.length + tokens.length),
      });
      o.set(own, row * queryWidth);
      row = end;
    }
    return o;
  }
}

function lastRows(readings: readonly Reading[], x: Float32Array, width: number): Float32Array {
  const last = new Float32Array(readings.length * width);
  let row = 0;
  readings.forEach(({ tokens }, i) => {
    row += tokens.length;
    last.set(x.subarray((row - 1) * width, row * width), i * width);
  });
  return last;
}

async function value(program: Program, name: string, inputs: NamedTensors): Promise<Float32Array> {
  return (await program.run(inputs))[name]!.data as Float32Array;
}

function rows(data: Float32Array, width: number): TensorData {
  return { shape: [data.length / width, width], data };
}

function column(values: readonly number[]): TensorData {
  return { shape: [values.length, 1], data: Float32Array.from(values) };
}

function integers(values: readonly number[]): TensorData {
  return { shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

function range(first: number, count: number): TensorData {
  return { shape: [count, 1], data: Float32Array.from({ length: count }, (_, i) => first + i) };
}

function zeros(count: number): TensorData {
  return { shape: [count, 1], data: new Float32Array(count) };
}
