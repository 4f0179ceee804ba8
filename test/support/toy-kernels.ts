/**
 * A network small enough to differentiate by hand: attention as in a transformer with one head, everything around it
 * products by one weight a channel. For tests of what ranks do between the pieces.
 */

import type { Collective } from '../../src/ranks/collective.js';
import type { AttentionInputs, Kernels, QueryKeyValue, Targets } from '../../src/ranks/kernels.js';

const CHANNELS = 3;

/** Its weights, and their gradients in the same places: per layer q, k, v, o for each channel, then the embedding. */
export class ToyKernels implements Kernels {
  readonly layers = 2;
  readonly hidden = CHANNELS;
  readonly queryHidden = CHANNELS;
  readonly keyValueHidden = CHANNELS;
  readonly gradient = new Float64Array(2 * 4 * CHANNELS + 8 * CHANNELS);
  readonly #weights = Float64Array.from(this.gradient, (_, i) => Math.sin(i * 1.7) + 0.1);

  embed(tokens: Int32Array): Promise<Float32Array> {
    return this.#rows(tokens.length, (row, c) => this.#embedding(tokens[row]!, c));
  }

  async project(layer: number, x: Float32Array, positions: Int32Array): Promise<QueryKeyValue> {
    const part = (which: number, turn: number): Promise<Float32Array> =>
      this.#rows(positions.length, (row, c) => {
        return x[row * CHANNELS + c]! * this.#weight(layer, which, c) + turn * Math.cos(positions[row]! + c);
      });
    return { q: await part(0, 0.5), k: await part(1, 0.5), v: await part(2, 0) };
  }

  attend(inputs: AttentionInputs): Promise<Float32Array> {
    const { q, v } = inputs;
    return this.#rows(q.length / CHANNELS, (row, c) => {
      return shares(inputs, row).reduce((sum, share, key) => sum + share * v[key * CHANNELS + c]!, 0);
    });
  }

  finish(layer: number, x: Float32Array, o: Float32Array): Promise<Float32Array> {
    return this.#rows(x.length / CHANNELS, (row, c) => {
      return x[row * CHANNELS + c]! + o[row * CHANNELS + c]! * this.#weight(layer, 3, c);
    });
  }

  loss(x: Float32Array, { targets, weights, normaliser }: Targets): Promise<number> {
    let sum = 0;
    for (let row = 0; row < targets.length; row++) {
      sum += (weights[row]! * (output(x, row) - targets[row]!) ** 2) / 2;
    }
    return Promise.resolve(sum / normaliser);
  }

  async lossBackward(x: Float32Array, targets: Targets): Promise<{ loss: number; dx: Float32Array }> {
    const { weights, normaliser } = targets;
    const dx = await this.#rows(weights.length, (row) => {
      return (weights[row]! * (output(x, row) - targets.targets[row]!)) / normaliser;
    });
    return { loss: await this.loss(x, targets), dx };
  }

  async finishBackward(layer: number, _x: Float32Array, o: Float32Array, upstream: Float32Array) {
    upstream.forEach((g, i) => this.#add(layer, 3, i % CHANNELS, g * o[i]!));
    const dO = await this.#rows(o.length / CHANNELS, (row, c) => {
      return upstream[row * CHANNELS + c]! * this.#weight(layer, 3, c);
    });
    return { dx: upstream.slice(), dO };
  }

  attendBackward(inputs: AttentionInputs, upstream: Float32Array): Promise<QueryKeyValue> {
    const { q, k, v } = inputs;
    const gradient = { q: new Float32Array(q.length), k: new Float32Array(k.length), v: new Float32Array(v.length) };
    for (let row = 0; row < q.length / CHANNELS; row++) {
      const share = shares(inputs, row);
      const of = share.map((_, key) => dot(upstream, row, v, key));
      const mean = share.reduce((sum, s, key) => sum + s * of[key]!, 0);
      share.forEach((s, key) => {
        const slope = s * (of[key]! - mean);
        for (let c = 0; c < CHANNELS; c++) {
          gradient.q[row * CHANNELS + c]! += slope * k[key * CHANNELS + c]!;
          gradient.k[key * CHANNELS + c]! += slope * q[row * CHANNELS + c]!;
          gradient.v[key * CHANNELS + c]! += s * upstream[row * CHANNELS + c]!;
        }
      });
    }
    return Promise.resolve(gradient);
  }

  projectBackward(layer: number, x: Float32Array, positions: Int32Array, upstream: QueryKeyValue) {
    const parts = [upstream.q, upstream.k, upstream.v];
    parts.forEach((part, which) => {
      part.forEach((g, i) => this.#add(layer, which, i % CHANNELS, g * x[i]!));
    });
    return this.#rows(positions.length, (row, c) =>
      parts.reduce((sum, part, which) => sum + part[row * CHANNELS + c]! * this.#weight(layer, which, c), 0),
    );
  }

  embedBackward(tokens: Int32Array, upstream: Float32Array): Promise<void> {
    upstream.forEach((g, i) => {
      const at = 2 * 4 * CHANNELS + (tokens[Math.floor(i / CHANNELS)]! % 8) * CHANNELS + (i % CHANNELS);
      this.gradient[at]! += g;
    });
    return Promise.resolve();
  }

  #weight(layer: number, which: number, channel: number): number {
    return this.#weights[(layer * 4 + which) * CHANNELS + channel]!;
  }

  #add(layer: number, which: number, channel: number, value: number): void {
    this.gradient[(layer * 4 + which) * CHANNELS + channel]! += value;
  }

  #embedding(token: number, channel: number): number {
    return this.#weights[2 * 4 * CHANNELS + (token % 8) * CHANNELS + channel]!;
  }

  #rows(count: number, value: (row: number, channel: number) => number): Promise<Float32Array> {
    return Promise.resolve(
      Float32Array.from({ length: count * CHANNELS }, (_, i) => value(Math.floor(i / CHANNELS), i % CHANNELS)),
    );
  }
}

/** The attention weights of a query: a softmax over the keys of its segment up to its position. */
function shares(inputs: AttentionInputs, row: number): number[] {
  const { q, k, keyPositions, keySegments, queryPositions, querySegments } = inputs;
  const powers = Array.from(keyPositions, (position, key) => {
    const isSeen = keySegments[key] === querySegments[row] && position <= queryPositions[row]!;
    return isSeen ? Math.exp(dot(q, row, k, key)) : 0;
  });
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function dot(a: Float32Array, i: number, b: Float32Array, j: number): number {
  let sum = 0;
  for (let c = 0; c < CHANNELS; c++) sum += a[i * CHANNELS + c]! * b[j * CHANNELS + c]!;
  return sum;
}

function output(x: Float32Array, row: number): number {
  return x[row * CHANNELS]! + x[row * CHANNELS + 1]! + x[row * CHANNELS + 2]!;
}

/** Groups whose members are promises of one thread. */
export function inProcessGroup(size: number): Collective[] {
  const rounds: { parts: Float32Array[][]; full: Promise<void>; filled: () => void; count: number }[] = [];
  const contribute = (round: number, rank: number, parts: Float32Array[]): Promise<Float32Array[][]> => {
    let entry = rounds[round];
    if (!entry) {
      let filled = (): void => undefined;
      const full = new Promise<void>((resolve) => (filled = resolve));
      rounds[round] = entry = { parts: [], full, filled, count: 0 };
    }
    entry.parts[rank] = parts.map((part) => part.slice());
    if (++entry.count === size) entry.filled();
    const { parts: all } = entry;
    return entry.full.then(() => all);
  };
  return Array.from({ length: size }, (_, rank): Collective => {
    let round = 0;
    const reduceScatterV: Collective['reduceScatterV'] = (parts) => {
      const all = contribute(round++, rank, [...parts]);
      return {
        wait: async () =>
          (await all)
            .map((of) => of[rank]!)
            .reduce((sum, part) => sum.map((value, i) => value + part[i]!), new Float32Array(parts[rank]!.length)),
      };
    };
    return {
      rank,
      size,
      allGatherV: (part) => {
        const all = contribute(round++, rank, [part]);
        return { wait: async () => (await all).map(([only]) => only!) };
      },
      reduceScatterV,
      async allReduce(values) {
        values.set(await reduceScatterV(Array.from({ length: size }, () => values)).wait());
      },
      async barrier() {
        await contribute(round++, rank, []);
      },
    };
  });
}
