/** Every prompt once before any comes again. */

import { Rng, type RngState } from '../../core/rng.js';
import type { Curriculum, CurriculumOptions, CurriculumState } from './curriculum.js';

/**
 * Shuffled epochs, as every trainer has them. It is also the curriculum of dynamic filtering (DAPO): there the trainer drops the
 * groups without a signal and draws again, `redraws` times at most.
 */
export class UniformCurriculum implements Curriculum {
  readonly wantsScores = false;
  readonly #kind: string;
  readonly #rng: Rng;
  readonly #size: number;
  #left: number[];

  constructor(kind: string, size: number, { seed, state }: CurriculumOptions) {
    this.#kind = kind;
    this.#size = size;
    this.#rng = state ? Rng.fromState(state['rng'] as RngState) : new Rng(seed);
    this.#left = state ? [...(state['left'] as number[])] : [];
  }

  draw(count: number): readonly number[] {
    const drawn: number[] = [];
    while (drawn.length < Math.min(count, this.#size)) {
      if (this.#left.length === 0) this.#begin(drawn);
      drawn.push(this.#left.pop()!);
    }
    return drawn;
  }

  /** A new epoch; what the draw under way holds already comes last in it. */
  #begin(drawn: readonly number[]): void {
    const held = new Set(drawn);
    const order = this.#rng.shuffle(Array.from({ length: this.#size }, (_, i) => i));
    this.#left = [...order.filter((i) => held.has(i)), ...order.filter((i) => !held.has(i))];
  }

  update(): void {
    // What came of a draw changes nothing.
  }

  reorder(): void {
    // Knows no order.
  }

  state(): CurriculumState {
    return { kind: this.#kind, rng: this.#rng.state(), left: [...this.#left] };
  }
}
