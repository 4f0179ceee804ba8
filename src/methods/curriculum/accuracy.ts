/** Prompts of the difficulty at which the model stands (AdaRFT, arXiv 2504.05520, algorithm 1). */

import { Rng, type RngState } from '../../core/rng.js';
import { mean } from '../../core/statistics.js';
import type { Curriculum, CurriculumOptions, CurriculumState, Prompt, StepOutcome } from './curriculum.js';
import type { CurriculumSettings } from './settings.js';

/** Difficulties are brought to 0..100, as in the paper. */
const HARDEST = 100;
/** Differences of difficulty below this are the same: a band, within which the least drawn come first. */
const BAND = 5;

/**
 * A target difficulty that rises while the accuracy is above β, and the prompts nearest to it. Within a band the least often
 * drawn come first, in random order: with few levels and a fixed order the same prompts would be drawn again and again.
 */
export class AccuracyCurriculum implements Curriculum {
  readonly wantsScores = false;
  readonly #settings: CurriculumSettings;
  readonly #difficulties: readonly number[];
  readonly #rng: Rng;
  readonly #draws: number[];
  #target: number;

  constructor(settings: CurriculumSettings, pool: readonly Prompt[], { seed, difficulties, state }: CurriculumOptions) {
    this.#settings = settings;
    this.#difficulties = scaled(difficulties ?? pool.map(({ level }) => level));
    this.#rng = state ? Rng.fromState(state['rng'] as RngState) : new Rng(seed);
    this.#draws = state ? [...(state['draws'] as number[])] : pool.map(() => 0);
    this.#target = state ? (state['target'] as number) : 0;
  }

  draw(count: number): readonly number[] {
    const bands = this.#difficulties.map((difficulty) => Math.floor(Math.abs(difficulty - this.#target) / BAND));
    const order = this.#rng.shuffle(bands.map((_, i) => i));
    order.sort((a, b) => bands[a]! - bands[b]! || this.#draws[a]! - this.#draws[b]!);
    const drawn = order.slice(0, count);
    for (const index of drawn) this.#draws[index]!++;
    return drawn;
  }

  update({ passRates }: StepOutcome): void {
    if (passRates.length === 0) return;
    const { eta, alpha, beta } = this.#settings;
    const step = eta * Math.tanh(alpha * (mean(passRates) - beta));
    this.#target = Math.min(HARDEST, Math.max(0, this.#target + step));
  }

  reorder(): void {
    // Its order is that of the difficulties.
  }

  state(): CurriculumState {
    return { kind: 'accuracy', rng: this.#rng.state(), draws: [...this.#draws], target: this.#target };
  }
}

function scaled(values: readonly number[]): number[] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const range = values.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  return values.map((value) => (range > 0 ? (HARDEST * (value - least)) / range : 0));
}
