/** GAIN-RL's sampler and scheduler (section 3.2 and its released code), over its order or that of a control. */

import { mean } from '../../core/statistics.js';
import { Rng, type RngState, type Seed } from '../../core/rng.js';
import { concentration } from './angle.js';
import type { AngleScore, Curriculum, CurriculumOptions, CurriculumState, Prompt, StepOutcome } from './curriculum.js';
import { drawMixed } from './draw.js';
import { orderOf, type OrderKind } from './order.js';
import type { CurriculumSettings } from './settings.js';

/** A Gaussian window over the ordered pool that moves on as accuracy and concentration rise. */
export class OrderedCurriculum implements Curriculum {
  readonly #kind: OrderKind;
  readonly #settings: CurriculumSettings;
  readonly #pool: readonly Prompt[];
  readonly #seed: Seed;
  readonly #rng: Rng;
  #order: readonly number[];
  /** μ, the place in the order on which the window stands. */
  #center: number;
  #wraps: number;
  #wantsScores: boolean;

  constructor(kind: OrderKind, settings: CurriculumSettings, pool: readonly Prompt[], options: CurriculumOptions) {
    const { seed, scores, state } = options;
    this.#kind = kind;
    this.#settings = settings;
    this.#pool = pool;
    this.#seed = seed;
    this.#rng = state ? Rng.fromState(state['rng'] as RngState) : new Rng(seed);
    this.#order = state ? (state['order'] as number[]) : this.#ordered(scores);
    this.#center = state ? (state['center'] as number) : 0;
    this.#wraps = state ? (state['wraps'] as number) : 0;
    this.#wantsScores = state ? (state['wantsScores'] as boolean) : false;
  }

  get wantsScores(): boolean {
    return this.#wantsScores;
  }

  draw(count: number): readonly number[] {
    const { sigma, uniformShare } = this.#settings;
    const width = sigma * this.#pool.length;
    const logWeights = Float64Array.from(this.#order, (_, place) => -0.5 * ((place - this.#center) / width) ** 2);
    const places = drawMixed(logWeights, count, { share: uniformShare, rng: this.#rng });
    return places.map((place) => this.#order[place]!);
  }

  update({ drawn, passRates, angle = [] }: StepOutcome): void {
    if (drawn.length === 0) return;
    // Half of the concentration keeps it in [−1, 1].
    this.#center += stepOf(this.#settings, {
      count: drawn.length,
      accuracy: mean(passRates),
      angle: mean(angle.map(concentration)) / 2,
    });
    const last = this.#pool.length - 1;
    if (this.#center >= last && this.#settings.atEnd === 'wrap') {
      this.#center = 0;
      this.#wraps++;
      this.#wantsScores = this.#kind === 'gain' || this.#kind === 'gain-debiased';
    }
    this.#center = Math.min(last, Math.max(0, this.#center));
  }

  reorder(scores: readonly AngleScore[]): void {
    this.#order = this.#ordered(scores);
    this.#wantsScores = false;
  }

  state(): CurriculumState {
    return {
      kind: this.#kind,
      rng: this.#rng.state(),
      order: [...this.#order],
      center: this.#center,
      wraps: this.#wraps,
      wantsScores: this.#wantsScores,
    };
  }

  #ordered(scores: readonly AngleScore[] | undefined): number[] {
    const withinFamily = this.#settings.rankWithinFamily;
    return orderOf(this.#kind, this.#pool, { seed: this.#seed, withinFamily, ...(scores && { scores }) });
  }
}

/** How many places the window moves: μ(t+1) − μ(t). The released code moves by 500 for draws of 1,024, here half a draw. */
export function stepOf(
  { alpha, beta, gamma, update }: Pick<CurriculumSettings, 'alpha' | 'beta' | 'gamma' | 'update'>,
  { count, accuracy, angle }: { readonly count: number; readonly accuracy: number; readonly angle: number },
): number {
  const byAccuracy = Math.tanh(alpha * (accuracy - beta));
  if (update === 'paper') return (count / 2) * (byAccuracy + Math.tanh(gamma * angle));
  return Math.min(count, Math.max(0, (count / 2) * (byAccuracy + Math.tanh(alpha * angle))));
}
