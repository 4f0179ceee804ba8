/**
 * Between which values the numbers of a network lie: seen on real positions, and cut to a percentile, since the rare
 * largest ones would cost all others their resolution.
 */

import { assert } from '../../core/errors.js';
import { type Graph, graph } from '../graph.js';
import { simplify } from '../simplify.js';
import { observedTensors } from './quantizable.js';

/** Values of one tensor; zero is always between them. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Bins on either side of zero. They are of one width, which doubles whenever a value falls outside. */
const BINS = 2048;

const PREFIX = 'observed:';

/** The graph whose outputs are the tensors to observe, in the order of the ranges that lowering takes. */
export function observedGraph(served: Graph): Graph {
  const observed = observedTensors(simplify(served));
  return graph(Object.fromEntries(observed.map((tensor, index) => [`${PREFIX}${index}`, tensor])));
}

/** Collects the values of every output of an observed graph. */
export class RangeRecorder {
  readonly #histograms: readonly Histogram[];

  constructor(observed: Graph) {
    this.#histograms = [...observed.outputs].map(() => new Histogram());
  }

  /** Counts one batch of outputs, by name. */
  record(outputs: Readonly<Record<string, { readonly data: ArrayLike<number | bigint> }>>): void {
    this.#histograms.forEach((histogram, index) => {
      const output = outputs[`${PREFIX}${index}`];
      assert(output?.data instanceof Float32Array, 'observed outputs hold floats');
      histogram.add(output.data);
    });
  }

  /** @param share of the values that have to be between the limits */
  ranges(share: number): Range[] {
    return this.#histograms.map((histogram) => histogram.range(share));
  }
}

/** Counts by value, for positive and negative values apart. */
class Histogram {
  readonly #counts = [new Float64Array(BINS), new Float64Array(BINS)] as const;
  #width = 1e-3;
  #total = 0;

  add(values: Float32Array): void {
    // By index, which is four times as fast as an iterator; calibration spends most of its time here.
    let largest = 0;
    for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
    while (largest >= this.#width * BINS) this.#widen();
    const [positive, negative] = this.#counts;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const bin = Math.floor(Math.abs(value) / this.#width);
      if (value >= 0) positive[bin]!++;
      else negative[bin]!++;
    }
    this.#total += values.length;
  }

  /** Cuts at most half of the rest off each side. */
  range(share: number): Range {
    const rest = (this.#total * (1 - share)) / 2;
    const limit = (counts: Float64Array): number => {
      let beyond = 0;
      for (let bin = BINS - 1; bin >= 0; bin--) {
        beyond += counts[bin]!;
        if (beyond > rest) return (bin + 1) * this.#width;
      }
      return 0;
    };
    return { min: -limit(this.#counts[1]), max: limit(this.#counts[0]) };
  }

  #widen(): void {
    this.#width *= 2;
    for (const counts of this.#counts) {
      for (let bin = 0; bin < BINS; bin++) {
        counts[bin] = bin < BINS / 2 ? counts[2 * bin]! + counts[2 * bin + 1]! : 0;
      }
    }
  }
}
