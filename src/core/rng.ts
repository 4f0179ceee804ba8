/**
 * Seeded random numbers. Every function that needs chance takes an `Rng`; nothing in the project calls `Math.random`.
 * The generator is sfc32 (C. Doty-Humphrey, PractRand), seeded through splitmix32: small, fast in JavaScript, and
 * its four-word state fits in JSON, so a resumed run continues bit for bit.
 */

/**
 * What selects a stream: a whole number, as a number where that is exact (below 2⁵³ in size) and as a bigint beyond, so
 * that equal seeds are `===`.
 */
export type Seed = number | bigint;

/** The whole state of an `Rng`: four unsigned 32-bit words. */
export type RngState = readonly [number, number, number, number];

/** A deterministic stream of random numbers. Not safe to share between independent games: `fork` one for each. */
export class Rng {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** @param seed any integer of 64 bits; streams of different seeds are unrelated */
  constructor(seed: Seed) {
    if (typeof seed === 'bigint') this.#seedWide(seed);
    else this.#seedNarrow(seed);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  #seedNarrow(seed: number): void {
    let state = Math.imul(seed ^ Math.floor(seed / 0x1_0000_0000), 0x9e37_79b1) >>> 0;
    const word = (): number => {
      state = (state + 0x9e37_79b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.#a = word();
    this.#b = word();
    this.#c = word();
  }

  /** PractRand's own way: every 64 bits make a state of their own, where the way of small seeds folds them into 32. */
  #seedWide(seed: bigint): void {
    this.#b = Number(BigInt.asUintN(32, seed));
    this.#c = Number(BigInt.asUintN(32, seed >> 32n));
  }

  /** Restores a generator from `state()`. */
  static fromState(state: RngState): Rng {
    const rng = new Rng(0);
    [rng.#a, rng.#b, rng.#c, rng.#counter] = state;
    return rng;
  }

  /** The state to hand to `fromState`; plain JSON. */
  state(): RngState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** The next 32 bits, as an integer in [0, 2³²). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform integer in [0, bound). The bias is below bound / 2³². */
  int(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** Standard normal (Box–Muller; two uniform draws a call). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Standard Gumbel: −log(−log U). */
  gumbel(): number {
    return -Math.log(-Math.log((this.uint32() + 0.5) / 0x1_0000_0000));
  }

  /** Gamma(shape, 1) for shape > 0 (Marsaglia & Tsang 2000, with their boost for shape < 1). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * Math.pow(1 - this.float(), 1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.float()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  /**
   * Draws an index with probability proportional to `weights` (non-negative, not all zero).
   * One uniform draw a call.
   */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i] ?? 0;
    let left = this.float() * total;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] ?? 0;
      if (weight <= 0) continue;
      last = i;
      left -= weight;
      if (left < 0) return i;
    }
    return last;
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    const array = items as { length: number; [index: number]: unknown };
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = array[i];
      array[i] = array[j];
      array[j] = swap;
    }
    return items;
  }

  /** An independent generator named by `label`; drawing from it does not disturb this one. */
  fork(label: number): Rng {
    const mixed = Math.imul(this.#a ^ Math.imul(label + 1, 0x9e37_79b1), 0x85eb_ca6b) ^ this.#b ^ (this.#c << 7);
    return new Rng((mixed >>> 0) + (label % 0x10_0000) * 0x1_0000_0000);
  }
}
