/**
 * Writes small KataGo network files and computes what they say in plain numbers: a second reading of the format that
 * shares no code with src/nn. A layer is written to the file and becomes a function in one go.
 */

import { Rng } from '../../src/core/rng.js';

/** Numbers by channel and point. */
type Image = readonly (readonly number[])[];
type OnImage = (x: Image, side: number) => Image;
type OnVector = (x: readonly number[]) => number[];

/** A block: its kind, or a list of the blocks in a bottleneck. */
export type SketchBlock = 'ordinary' | 'pool' | 'attention' | 'fixedAttention' | 'feedForward' | readonly SketchBlock[];

export interface KatagoSketch {
  readonly version: number;
  readonly blocks: readonly SketchBlock[];
  /** An RMSNorm at the trunk's tip, over points or the board; else a batch norm. */
  readonly tip?: 'point' | 'board';
  /** Written where the version writes activations. */
  readonly activation?: 'ACTIVATION_RELU' | 'ACTIVATION_MISH' | 'ACTIVATION_SILU' | 'ACTIVATION_IDENTITY';
  /** Weights as words instead of bytes. */
  readonly words?: boolean;
  readonly seed?: number;
}

/** What the network says about one position; see `KatagoOutputs`. */
export interface PlainOutputs {
  readonly points: Image;
  readonly pass: readonly number[];
  readonly result: readonly number[];
  readonly scores: readonly number[];
  readonly ownership: readonly number[];
}

/** A file and what it computes. */
export interface SketchedKatago {
  /** Without gzip. */
  readonly bytes: Uint8Array;
  /** @param planes [22][S²] @param globals [19] */
  readonly evaluate: (planes: Image, globals: readonly number[], side: number) => PlainOutputs;
}

const functions = {
  ACTIVATION_RELU: (x: number) => Math.max(0, x),
  ACTIVATION_MISH: (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))),
  ACTIVATION_SILU: (x: number) => x / (1 + Math.exp(-x)),
  ACTIVATION_IDENTITY: (x: number) => x,
} as const;

const TRUNK = 5;
const HEAD = 3;

/** Writes a network of a few hundred random weights. */
export function sketchKatago(sketch: KatagoSketch): SketchedKatago {
  return new Sketch(sketch).network();
}

class Sketch {
  readonly #parts: Buffer[] = [];
  readonly #rng: Rng;
  readonly #given: KatagoSketch;
  #names = 0;

  constructor(given: KatagoSketch) {
    this.#given = given;
    this.#rng = new Rng(given.seed ?? 1);
  }

  network(): SketchedKatago {
    const { version, blocks, tip: tipNorm } = this.#given;
    this.#words('sketch-net', version, 22, 19);
    // Not the usual multipliers, so that a reader that takes those is noticed.
    if (version >= 13) this.#words('20.5', 21, 22, 23, 41, '0.3', 31);
    if (version >= 15) this.#words(0, 0, 0, 0, 0, 0, 0, 0);
    this.#words('trunk', blocks.length, TRUNK, 4, 3, 2, 2);
    if (version >= 15) this.#words(tipNorm === undefined ? 0 : 1, 0, 0, 0, 0, 0);
    const stem = this.#convolution(22, TRUNK, 3);
    const globalsToBias = this.#matrix(19, TRUNK);
    const stack = blocks.map((block) => this.#block(block, TRUNK));
    const tip = tipNorm === undefined ? this.#normed(TRUNK) : this.#tipNorm(TRUNK, tipNorm);
    const policy = this.#policy();
    const value = this.#value();
    return {
      bytes: Buffer.concat(this.#parts),
      evaluate: (planes, globals, side) => {
        const start = plusBias(stem(planes, side), globalsToBias(globals));
        const x = tip(
          stack.reduce((sum, block) => plus(sum, block(sum, side)), start),
          side,
        );
        return { ...policy(x, side), ...value(x, side) };
      },
    };
  }

  #block(block: SketchBlock, channels: number): OnImage {
    if (block === 'attention' || block === 'fixedAttention') return this.#attention(channels, block === 'attention');
    if (block === 'feedForward') return this.#feedForward(channels);
    const [kind, width] =
      block === 'ordinary' ? ['ordinary_block', 4] : block === 'pool' ? ['gpool_block', 3] : ['', 4];
    if (kind === '') return this.#bottleneck(block as readonly SketchBlock[], channels);
    this.#words(kind, `b${this.#names++}`);
    const before = this.#normed(channels);
    const first = this.#convolution(channels, width, 3);
    if (kind === 'ordinary_block') {
      const [between, last] = [this.#normed(4), this.#convolution(4, channels, 3)];
      return (x, side) => last(between(first(before(x, side), side), side), side);
    }
    const toPool = this.#convolution(channels, 2, 3);
    const [pooled, mix] = [this.#normed(2), this.#matrix(6, 3)];
    const [between, last] = [this.#normed(3), this.#convolution(3, channels, 3)];
    return (x, side) => {
      const start = before(x, side);
      const bias = mix(pools(pooled(toPool(start, side), side), side, 'max'));
      return last(between(plusBias(first(start, side), bias), side), side);
    };
  }

  /** Six heads share the keys of two. */
  #attention(channels: number, learned: boolean): OnImage {
    const [heads, keyHeads, width, valueWidth, theta] = [6, 2, 8, 3, 50];
    this.#words(
      'transformer_attention_block',
      `b${this.#names++}`,
      heads,
      keyHeads,
      width,
      valueWidth,
      1,
      Number(learned),
    );
    const norm = this.#pointNorm(channels);
    const [query, key] = [this.#matrix(channels, heads * width), this.#matrix(channels, keyHeads * width)];
    const [value, out] = [this.#matrix(channels, keyHeads * valueWidth), this.#matrix(heads * valueWidth, channels)];
    this.#words(`rope${this.#names++}`, ...(learned ? [keyHeads, width / 2, 2] : [theta]));
    const frequencies = learned ? this.#floats(keyHeads * width, 0.8) : [];
    const angle = (head: number, pair: number, x: number, y: number): number => {
      const at = head * width + 2 * pair;
      if (learned) return x * frequencies[at]! + y * frequencies[at + 1]!;
      return pair < width / 4 ? y * theta ** (-pair / (width / 4)) : x * theta ** (1 - pair / (width / 4));
    };
    const turn = (numbers: readonly number[], point: number, side: number, head: number): number[] =>
      numbers.map((number, i) => {
        const at = angle(head, Math.floor(i / 2), point % side, Math.floor(point / side));
        return number * Math.cos(at) + (i % 2 === 0 ? -numbers[i + 1]! : numbers[i - 1]!) * Math.sin(at);
      });
    const part = (numbers: readonly number[], head: number, size: number) =>
      numbers.slice(head * size, (head + 1) * size);
    return (image, side) => {
      const rows = pointsOf(image).map(norm);
      const [queries, keys, values] = [rows.map(query), rows.map(key), rows.map(value)];
      const seen = rows.map((_row, point) =>
        Array.from({ length: heads }, (_head, head) => {
          const shared = Math.floor((head * keyHeads) / heads);
          const q = turn(part(queries[point]!, head, width), point, side, shared);
          const scores = keys.map(
            (k, other) => dot(q, turn(part(k, shared, width), other, side, shared)) / Math.sqrt(width),
          );
          const weights = scores.map((score) => Math.exp(score));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          return Array.from({ length: valueWidth }, (_value, i) =>
            weights.reduce(
              (sum, weight, other) => sum + (weight / total) * values[other]![shared * valueWidth + i]!,
              0,
            ),
          );
        }).flat(),
      );
      return pointsOf(seen.map(out));
    };
  }

  #feedForward(channels: number): OnImage {
    this.#words('transformer_ffn_block', `b${this.#names++}`, channels, 7, 1);
    const norm = this.#pointNorm(channels);
    const [first, gate, second] = [this.#matrix(channels, 7), this.#matrix(channels, 7), this.#matrix(7, channels)];
    return (image) =>
      pointsOf(
        pointsOf(image).map((point) => {
          const x = norm(point);
          const gates = gate(x);
          return second(first(x).map((value, i) => functions.ACTIVATION_SILU(value) * gates[i]!));
        }),
      );
  }

  #pointNorm(channels: number): OnVector {
    this.#words(`rms${this.#names++}`, channels, 0.001);
    const scale = this.#floats(channels, 0.3, 1);
    return (x) => x.map((value, i) => (value * scale[i]!) / Math.sqrt(dot(x, x) / channels + 0.001));
  }

  #tipNorm(channels: number, over: 'point' | 'board'): OnImage {
    this.#words(`rms${this.#names++}`, channels, 0.001, Number(over === 'board'), 0);
    const [scale, bias] = [this.#floats(channels, 0.3, 1), this.#floats(channels, 0.3)];
    const activation = this.#activation();
    return (image) => {
      const squares = pointsOf(image).map((x) => dot(x, x) / channels);
      const whole = squares.reduce((sum, square) => sum + square, 0) / squares.length;
      return image.map((channel, c) =>
        channel.map((x, point) => {
          const square = over === 'board' ? whole : squares[point]!;
          return activation((x * scale[c]!) / Math.sqrt(square + 0.001) + bias[c]!);
        }),
      );
    };
  }

  #bottleneck(blocks: readonly SketchBlock[], channels: number): OnImage {
    this.#words('nested_bottleneck_block', `b${this.#names++}`, blocks.length);
    const [before, first] = [this.#normed(channels), this.#convolution(channels, 4, 1)];
    const inner = blocks.map((block) => this.#block(block, 4));
    const [after, last] = [this.#normed(4), this.#convolution(4, channels, 1)];
    return (x, side) => {
      const start = first(before(x, side), side);
      const end = inner.reduce((sum, block) => plus(sum, block(sum, side)), start);
      return last(after(end, side), side);
    };
  }

  #policy(): (x: Image, side: number) => Pick<PlainOutputs, 'points' | 'pass'> {
    const { version } = this.#given;
    const outputs = version < 12 ? 1 : version === 16 ? 4 : 2;
    this.#words('policyhead');
    if (version >= 17) this.#words(outputs, 0, 0, 0);
    const [own, toPool] = [this.#convolution(TRUNK, HEAD, 1), this.#convolution(TRUNK, 2, 1)];
    const [pooled, mix] = [this.#normed(2), this.#matrix(6, HEAD)];
    const [after, points] = [this.#normed(HEAD), this.#convolution(HEAD, outputs, 1)];
    let pass = this.#matrix(6, version < 15 ? outputs : HEAD);
    if (version >= 15) {
      const [first, bias, activation, last] = [pass, this.#bias(HEAD), this.#activation(), this.#matrix(HEAD, outputs)];
      pass = (x) => last(add(first(x), bias).map(activation));
    }
    return (x, side) => {
      const pool = pools(pooled(toPool(x, side), side), side, 'max');
      return { points: points(after(plusBias(own(x, side), mix(pool)), side), side), pass: pass(pool) };
    };
  }

  #value(): (x: Image, side: number) => Pick<PlainOutputs, 'result' | 'scores' | 'ownership'> {
    const { version } = this.#given;
    const scores = version < 9 ? 4 : 6;
    this.#words('valuehead');
    if (version >= 17) this.#words(0, 0, 0);
    const [own, after] = [this.#convolution(TRUNK, HEAD, 1), this.#normed(HEAD)];
    const [first, bias, activation] = [this.#matrix(3 * HEAD, 4), this.#bias(4), this.#activation()];
    const [toResult, resultBias] = [this.#matrix(4, 3), this.#bias(3)];
    const [toScores, scoresBias] = [this.#matrix(4, scores), this.#bias(scores)];
    const owner = this.#convolution(HEAD, 1, 1);
    return (x, side) => {
      const features = after(own(x, side), side);
      const hidden = add(first(pools(features, side, 'quadratic')), bias).map(activation);
      return {
        result: add(toResult(hidden), resultBias),
        scores: add(toScores(hidden), scoresBias),
        ownership: owner(features, side)[0]!,
      };
    };
  }

  #convolution(inputs: number, outputs: number, size: number): OnImage {
    this.#words(`conv${this.#names++}`, size, size, inputs, outputs, 1, 1);
    const weights = this.#floats(size * size * inputs * outputs, 1 / Math.sqrt(size * size * inputs));
    const border = (size - 1) / 2;
    const at = (y: number, x: number, i: number, o: number): number =>
      weights[((y * size + x) * inputs + i) * outputs + o]!;
    return (image, side) =>
      Array.from({ length: outputs }, (_, o) =>
        Array.from({ length: side * side }, (_point, point) => {
          let sum = 0;
          for (let y = 0; y < size; y++) {
            for (let x = 0; x < size; x++) {
              const row = Math.floor(point / side) + y - border;
              const column = (point % side) + x - border;
              if (row < 0 || column < 0 || row >= side || column >= side) continue;
              for (let i = 0; i < inputs; i++) sum += image[i]![row * side + column]! * at(y, x, i, o);
            }
          }
          return sum;
        }),
      );
  }

  /** A norm, with or without scale and bias by turns, and an activation. */
  #normed(channels: number): OnImage {
    const epsilon = 0.001;
    const which = this.#names++ % 3;
    const [hasScale, hasBias] = [which !== 1, which !== 2];
    this.#words(`norm${which}`, channels, epsilon, Number(hasScale), Number(hasBias));
    const mean = this.#floats(channels, 0.3);
    const variance = this.#floats(channels, 0.2, 1);
    const scale = hasScale ? this.#floats(channels, 0.3, 1) : undefined;
    const bias = hasBias ? this.#floats(channels, 0.3) : undefined;
    const activation = this.#activation();
    return (image) =>
      image.map((channel, c) =>
        channel.map((x) => {
          const normal = (x - mean[c]!) / Math.sqrt(Math.abs(variance[c]!) + epsilon);
          return activation(normal * (scale?.[c] ?? 1) + (bias?.[c] ?? 0));
        }),
      );
  }

  #activation(): (x: number) => number {
    const { version, activation = 'ACTIVATION_RELU' } = this.#given;
    this.#words(`act${this.#names++}`);
    if (version < 11) return functions.ACTIVATION_RELU;
    this.#words(activation);
    return functions[activation];
  }

  #matrix(inputs: number, outputs: number): OnVector {
    this.#words(`matrix${this.#names++}`, inputs, outputs);
    const weights = this.#floats(inputs * outputs, 1 / Math.sqrt(inputs));
    return (x) =>
      Array.from({ length: outputs }, (_, o) =>
        x.reduce((sum, value, i) => sum + value * weights[i * outputs + o]!, 0),
      );
  }

  #bias(channels: number): readonly number[] {
    this.#words(`bias${this.#names++}`, channels);
    return this.#floats(channels, 0.3);
  }

  #words(...words: (string | number)[]): void {
    this.#parts.push(Buffer.from(`${words.join('\n')}\n`));
  }

  #floats(count: number, deviation: number, mean = 0): number[] {
    const values = Float32Array.from({ length: count }, () => mean + deviation * this.#rng.normal());
    if (mean > 0) values.forEach((value, i) => (values[i] = Math.abs(value)));
    if (this.#given.words === true) this.#words([...values].join(' '));
    else this.#parts.push(Buffer.from('@BIN@'), Buffer.from(values.buffer), Buffer.from('\n'));
    return [...values];
  }
}

/** Rows and columns change places. */
function pointsOf(image: Image): number[][] {
  return image[0]!.map((_, point) => image.map((channel) => channel[point]!));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function pools(image: Image, side: number, third: 'max' | 'quadratic'): number[] {
  const scale = (side - 14) / 10;
  const means = image.map((channel) => channel.reduce((sum, x) => sum + x, 0) / channel.length);
  const last =
    third === 'max' ? image.map((channel) => Math.max(...channel)) : means.map((m) => m * (scale ** 2 - 0.1));
  return [...means, ...means.map((m) => m * scale), ...last];
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value + b[i]!);
}

function plus(a: Image, b: Image): Image {
  return a.map((channel, c) => add(channel, b[c]!));
}

function plusBias(image: Image, bias: readonly number[]): Image {
  return image.map((channel, c) => channel.map((x) => x + bias[c]!));
}
