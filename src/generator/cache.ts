/** The keys and values of one sequence, so that a new token costs the attention to what came before and nothing else. */

/** Grows by doubling; rows are tokens, columns the keys' or values' width. */
export class KeyValueCache {
  readonly #width: number;
  readonly #layers: { k: Float32Array; v: Float32Array }[];
  #length = 0;

  constructor(layers: number, width: number) {
    this.#width = width;
    this.#layers = Array.from({ length: layers }, () => ({ k: new Float32Array(0), v: new Float32Array(0) }));
  }

  /** Bytes that a token takes. */
  static bytesPerToken(layers: number, width: number): number {
    return layers * 2 * width * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Tokens whose keys and values are complete. */
  get length(): number {
    return this.#length;
  }

  /** Writes rows after the complete ones in one layer and returns all rows of it up to their end. */
  append(layer: number, k: Float32Array, v: Float32Array): { k: Float32Array; v: Float32Array } {
    const from = this.#length * this.#width;
    const end = from + k.length;
    const stored = this.#layers[layer]!;
    if (stored.k.length < end) {
      stored.k = grown(stored.k, end);
      stored.v = grown(stored.v, end);
    }
    stored.k.set(k, from);
    stored.v.set(v, from);
    return { k: stored.k.subarray(0, end), v: stored.v.subarray(0, end) };
  }

  /** Counts `tokens` more as complete; to be called when every layer has them. */
  advance(tokens: number): void {
    this.#length += tokens;
  }

  /** A copy that goes on by itself: completions of one prompt share its prefill. */
  fork(): KeyValueCache {
    const copy = new KeyValueCache(this.#layers.length, this.#width);
    copy.#length = this.#length;
    this.#layers.forEach(({ k, v }, layer) => {
      const end = this.#length * this.#width;
      copy.#layers[layer] = { k: k.slice(0, end), v: v.slice(0, end) };
    });
    return copy;
  }
}

function grown(rows: Float32Array, least: number): Float32Array {
  const larger = new Float32Array(Math.max(least, 2 * rows.length));
  larger.set(rows);
  return larger;
}
