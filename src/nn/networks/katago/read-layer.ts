/** Reads single layers of a KataGo file, checks that they fit together, and keeps their weights under our names. */

import { type KatagoActivation, type KatagoTipNorm, katagoActivations } from './architecture.js';
import { WordReader } from './words.js';

/** Most channels of a layer. */
const MAX_CHANNELS = 4096;

/** What a convolution must be like. */
interface ConvolutionShape {
  readonly inputs: number;
  /** Any number if not given. */
  readonly outputs?: number;
  /** Side of its filters, if it is the usual one; others are noted in `kernels`, unless it is `any`. */
  readonly side: number | 'any';
}

/** A file being read. Messages call layers by the file's own names. */
export class LayerReader {
  readonly words: WordReader;
  /** KataGo's model version; to be set once it is known. */
  version = 0;
  readonly weights = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  readonly activations = new Map<string, KatagoActivation>();
  /** Sides of filters that are not as usual, by the name of the parameter. */
  readonly kernels = new Map<string, number>();

  constructor(bytes: Uint8Array) {
    this.words = new WordReader(bytes);
  }

  /** A convolution of square filters that lie close, kept as [out, in, K, K]. */
  convolution(name: string, wanted: ConvolutionShape): { outputs: number; side: number } {
    const layer = this.#name(name);
    const side = this.words.whole(`the height of the filters of layer '${layer}'`, 1, 19);
    const columns = this.words.whole(`the width of the filters of layer '${layer}'`, 1, 19);
    if (side !== columns || side % 2 === 0) {
      this.words.fail(`layer '${layer}' has ${side}×${columns} filters; supported are square ones with an odd side`);
    }
    const inputs = this.#channels(layer, 'inputs', wanted.inputs);
    const outputs = this.#channels(layer, 'outputs', wanted.outputs);
    for (const direction of ['vertically', 'horizontally']) {
      const dilation = this.words.whole(`the dilation of layer '${layer}'`, 1, 1_000);
      if (dilation !== 1) this.words.fail(`layer '${layer}' is dilated ${dilation} times ${direction}; not supported`);
    }
    if (wanted.side !== 'any' && side !== wanted.side) this.kernels.set(name, side);
    const area = side * side;
    const file = this.words.floats(layer, area * inputs * outputs);
    this.weights.set(name, { shape: [outputs, inputs, side, side], data: transposed(file, area, inputs, outputs) });
    return { outputs, side };
  }

  /** A norm; mean, variance, scale and bias become a scale and a bias. */
  norm(name: string, channels: number): void {
    const { words } = this;
    const layer = this.#name(name);
    this.#channels(layer, 'channels', channels);
    const epsilon = words.number(`the epsilon of layer '${layer}'`);
    const hasScale = words.whole(`whether layer '${layer}' has a scale`, 0, 1) === 1;
    const hasBias = words.whole(`whether layer '${layer}' has a bias`, 0, 1) === 1;
    const mean = words.floats(layer, channels);
    const variance = words.floats(layer, channels);
    const scale = hasScale ? words.floats(layer, channels) : new Float32Array(channels).fill(1);
    const bias = hasBias ? words.floats(layer, channels) : new Float32Array(channels);
    const unfit = variance.findIndex((value) => !(value + epsilon > 0));
    if (unfit >= 0) {
      words.fail(`layer '${layer}' has a variance of ${String(variance[unfit])} and an epsilon of ${epsilon}`);
    }
    const merged = Float64Array.from(scale, (value, i) => value / Math.sqrt(variance[i]! + epsilon));
    this.#keep(`${name}/scale`, [channels], Float32Array.from(merged));
    this.#keep(
      `${name}/bias`,
      [channels],
      bias.map((value, i) => (mean[i] === 0 ? value : value - mean[i]! * merged[i]!)),
    );
    const lost = merged.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (lost >= 0) words.fail(`layer '${layer}' scales channel ${lost} by ${String(merged[lost])}`);
  }

  /** A norm of points, which is its scale; the epsilon. */
  pointNorm(name: string, channels: number): number {
    const layer = this.#name(name);
    this.#channels(layer, 'channels', channels);
    const epsilon = this.#epsilon(layer);
    this.#keep(name, [channels], this.words.floats(layer, channels));
    return epsilon;
  }

  /** A norm of the tip that divides by a root mean square. */
  tipNorm(name: string, channels: number): KatagoTipNorm {
    const { words } = this;
    const layer = this.#name(name);
    this.#channels(layer, 'channels', channels);
    const epsilon = this.#epsilon(layer);
    const over = words.whole(`whether layer '${layer}' is spatial`, 0, 1) === 1 ? 'board' : 'point';
    words.whole(`the size of groups of layer '${layer}', which are not supported,`, 0, 0);
    this.#keep(`${name}/scale`, [channels], words.floats(layer, channels));
    this.#keep(`${name}/bias`, [channels], words.floats(layer, channels));
    return { epsilon, over };
  }

  /** Frequencies [heads, pairs, 2]. */
  frequencies(name: string, heads: number, pairs: number): void {
    const layer = this.#name(name);
    const shape = [heads, pairs, 2];
    shape.forEach((length, i) => this.words.whole(`dimension ${i + 1} of layer '${layer}'`, length, length));
    this.#keep(name, shape, this.words.floats(layer, heads * pairs * 2));
  }

  /** An activation; before version 11 it is ReLU. */
  activation(name: string): void {
    const layer = this.#name(name);
    if (this.version < 11) {
      this.activations.set(name, 'relu');
      return;
    }
    const word = this.words.word(`the kind of layer '${layer}'`);
    const names = Object.keys(katagoActivations) as KatagoActivation[];
    const known = names.find((each) => katagoActivations[each] === word);
    if (known === undefined) this.words.fail(`layer '${layer}' is of the kind '${word}', which is not supported`);
    this.activations.set(name, known);
  }

  /** A matrix [in, out]; the number of its outputs. */
  matrix(name: string, inputs: number, outputs?: number): number {
    const layer = this.#name(name);
    this.#channels(layer, 'inputs', inputs);
    const columns = this.#channels(layer, 'outputs', outputs);
    this.#keep(name, [inputs, columns], this.words.floats(layer, inputs * columns));
    return columns;
  }

  /** A bias. */
  bias(name: string, channels: number): void {
    const layer = this.#name(name);
    this.#channels(layer, 'channels', channels);
    this.#keep(name, [channels], this.words.floats(layer, channels));
  }

  #epsilon(layer: string): number {
    const epsilon = this.words.number(`the epsilon of layer '${layer}'`);
    if (epsilon > 0 && epsilon < 1) return epsilon;
    this.words.fail(`the epsilon of layer '${layer}' is ${epsilon}; it must lie between 0 and 1`);
  }

  #keep(name: string, shape: readonly number[], data: Float32Array): void {
    this.weights.set(name, { shape, data });
  }

  #name(ours: string): string {
    return this.words.word(`the name of a layer (${ours})`);
  }

  #channels(layer: string, what: string, wanted: number | undefined): number {
    const seen = this.words.whole(`the number of ${what} of layer '${layer}'`, 1, MAX_CHANNELS * 3);
    if (wanted !== undefined && seen !== wanted) {
      this.words.fail(`layer '${layer}' has ${seen} ${what}; the layers before it want ${wanted}`);
    }
    return seen;
  }
}

/** Filters from the file's order [K·K, in, out] into [out, in, K·K]. */
function transposed(file: Float32Array, area: number, inputs: number, outputs: number): Float32Array {
  const data = new Float32Array(file.length);
  for (let at = 0, point = 0; point < area; point++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++, at++) data[(output * inputs + input) * area + point] = file[at]!;
    }
  }
  return data;
}
