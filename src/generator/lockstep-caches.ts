/** The keys and values of sequences that grow in lockstep, in the layout of the decoding graph (nn, decode-step.ts). */

import type { NamedTensors } from '../engine/engine.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import { HIDDEN } from '../nn/networks/transformer/layers.js';
import type { TensorData } from '../nn/types.js';

/** Which prompt of a prefill a sequence goes on from. */
export interface Origin {
  readonly prompt: number;
  readonly length: number;
}

/** Floats as a column. */
export function column(values: readonly number[]): TensorData {
  return { shape: [values.length, 1], data: Float32Array.from(values) };
}

/** Caches of all layers, [B, keyValueHeads, S, width], and their mask [B, 1, 1, S]. */
export class LockstepCaches {
  readonly #heads: number;
  readonly #width: number;
  readonly #names: readonly string[];
  readonly #capacity: number;
  #caches: Map<string, Float32Array>;
  #mask: Float32Array = new Float32Array(0);
  #count = 0;
  /** Where the next token of every sequence goes. */
  #slot: number;

  /**
   * @param promptCapacity the length of the prefill's rows
   * @param further most tokens to be appended
   */
  constructor({ layers, keyValueHeads, headWidth }: TransformerConfiguration, promptCapacity: number, further: number) {
    this.#heads = keyValueHeads;
    this.#width = headWidth;
    this.#names = Array.from({ length: layers }, (_, layer) => [`keys${layer}`, `values${layer}`]).flat();
    this.#capacity = promptCapacity + further;
    this.#slot = promptCapacity;
    this.#caches = new Map();
  }

  /** Starts the sequences with keys and values of a prefill, `keys0`, `values0` … [R, keyValueHeads, L, width]. */
  fill(read: NamedTensors, origins: readonly Origin[]): void {
    this.#count = origins.length;
    for (const name of this.#names) {
      const from = read[name]!;
      const source = from.data as Float32Array;
      const [run, stride] = [from.shape[2]! * this.#width, this.#capacity * this.#width];
      const cache = new Float32Array(this.#count * this.#heads * stride);
      origins.forEach(({ prompt }, i) => {
        for (let head = 0; head < this.#heads; head++) {
          const at = (prompt * this.#heads + head) * run;
          cache.set(source.subarray(at, at + run), (i * this.#heads + head) * stride);
        }
      });
      this.#caches.set(name, cache);
    }
    this.#mask = new Float32Array(this.#count * this.#capacity).fill(HIDDEN);
    origins.forEach(({ length }, i) => this.#mask.fill(0, i * this.#capacity, i * this.#capacity + length));
  }

  /** The caches and their mask as inputs of the decoding graph. */
  inputs(): Record<string, TensorData> {
    const shape = [this.#count, this.#heads, this.#capacity, this.#width];
    const caches = [...this.#caches].map(([name, data]) => [name, { shape, data }] as const);
    return { ...Object.fromEntries(caches), mask: { shape: [this.#count, 1, 1, this.#capacity], data: this.#mask } };
  }

  /** Takes the graph's new rows, of the sequences that go on alone; the others are taken out. */
  append(outputs: NamedTensors, goesOn: readonly boolean[]): void {
    const kept = goesOn.flatMap((goes, i) => (goes ? [i] : []));
    if (kept.length === 0) return;
    for (const name of this.#names) {
      const rows = outputs[`new${name[0]!.toUpperCase()}${name.slice(1)}`]!.data as Float32Array;
      this.#write(this.#caches.get(name)!, rows, goesOn.length);
    }
    for (let i = 0; i < goesOn.length; i++) this.#mask[i * this.#capacity + this.#slot] = 0;
    this.#slot++;
    if (kept.length < goesOn.length) this.#keep(kept);
  }

  #write(cache: Float32Array, rows: Float32Array, count: number): void {
    const width = this.#width;
    for (let i = 0; i < count * this.#heads; i++) {
      let to = (i * this.#capacity + this.#slot) * width;
      let from = i * width;
      for (let column = 0; column < width; column++) cache[to++] = rows[from++]!;
    }
  }

  #keep(kept: readonly number[]): void {
    const pick = (data: Float32Array): Float32Array => {
      const size = data.length / this.#count;
      kept.forEach((from, to) => {
        if (from !== to) data.copyWithin(to * size, from * size, (from + 1) * size);
      });
      return data.subarray(0, kept.length * size);
    };
    this.#caches = new Map([...this.#caches].map(([name, data]) => [name, pick(data)]));
    this.#mask = pick(this.#mask);
    this.#count = kept.length;
  }
}
