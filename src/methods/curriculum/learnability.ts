/**
 * Prompts that are sometimes solved. A group of completions that are all right or all wrong has no gradient, and p(1 − p), the
 * variance of a completion's correctness, says how far a prompt is from that. Running pass rates estimate p; prompts that were
 * not drawn lately are guessed from others of their cell.
 */

import { Rng, type RngState } from '../../core/rng.js';
import type { AngleScore, Curriculum, CurriculumOptions, CurriculumState, Prompt, StepOutcome } from './curriculum.js';
import { drawMixed } from './draw.js';
import { orderOf } from './order.js';
import type { CurriculumSettings } from './settings.js';

/** Completions that a pass rate counts for. */
const EVIDENCE = 8;
/** What of a cell's counts is left after a step that has seen it. */
const CELL_FADES = 0.8;
/** Cells of `mixed` by angle within a family. */
const ANGLE_CELLS = 8;

/** Completions seen, and those that were right. */
interface Counts {
  seen: number;
  right: number;
}

/** Those of a prompt as they counted in a step. */
interface DatedCounts extends Counts {
  step: number;
}

/**
 * `learnability` knows the cell of a prompt by family and level; `mixed`, which is ours, by family and angle concentration,
 * so that the model's own signal stands in where nobody has marked the levels.
 */
export class LearnabilityCurriculum implements Curriculum {
  readonly #kind: 'learnability' | 'mixed';
  readonly #settings: CurriculumSettings;
  readonly #pool: readonly Prompt[];
  readonly #rng: Rng;
  readonly #prompts: DatedCounts[];
  readonly #cells: Map<string, Counts>;
  readonly wantsScores = false;
  #cellOf: readonly string[];
  #step: number;

  constructor(
    kind: 'learnability' | 'mixed',
    settings: CurriculumSettings,
    pool: readonly Prompt[],
    { seed, scores, state }: CurriculumOptions,
  ) {
    this.#kind = kind;
    this.#settings = settings;
    this.#pool = pool;
    this.#rng = state ? Rng.fromState(state['rng'] as RngState) : new Rng(seed);
    this.#step = state ? (state['step'] as number) : 0;
    const kept = state?.['prompts'] as readonly (readonly [number, number, number])[] | undefined;
    this.#prompts = pool.map((_, i) => {
      const [seen, right, step] = kept?.[i] ?? [0, 0, 0];
      return { seen, right, step };
    });
    const cells = (state?.['cells'] ?? {}) as Readonly<Record<string, Counts>>;
    this.#cells = new Map(Object.entries(cells).map(([name, counts]) => [name, { ...counts }]));
    this.#cellOf = (state?.['cellOf'] as string[] | undefined) ?? cellsOf(kind, pool, scores);
  }

  draw(count: number): readonly number[] {
    const { sharpness, uniformShare } = this.#settings;
    const logWeights = this.#pool.map((_, i) => sharpness * Math.log(this.learnabilityOf(i)));
    return drawMixed(logWeights, count, { share: uniformShare, rng: this.#rng });
  }

  /** The expectation of p(1 − p) for a prompt, where p has a Beta distribution: αβ / ((α + β)(α + β + 1)). */
  learnabilityOf(index: number): number {
    const { seen, right } = this.#faded(this.#prompts[index]!);
    const { prior } = this.#settings;
    const cell = this.#cells.get(this.#cellOf[index]!) ?? { seen: 0, right: 0 };
    const rate = (cell.right + 1) / (cell.seen + 2);
    const [alpha, beta] = [prior * rate + right, prior * (1 - rate) + seen - right];
    return (alpha * beta) / ((alpha + beta) * (alpha + beta + 1));
  }

  update({ drawn, passRates }: StepOutcome): void {
    this.#step++;
    const fresh = new Map<string, Counts>();
    drawn.forEach((index, i) => {
      const { seen, right } = this.#faded(this.#prompts[index]!);
      const correct = EVIDENCE * passRates[i]!;
      this.#prompts[index] = { seen: seen + EVIDENCE, right: right + correct, step: this.#step };
      const cell = this.#cellOf[index]!;
      const counts = fresh.get(cell) ?? { seen: 0, right: 0 };
      add(counts, 1, { seen: EVIDENCE, right: correct });
      fresh.set(cell, counts);
    });
    for (const [cell, counts] of fresh) {
      const known = this.#cells.get(cell) ?? { seen: 0, right: 0 };
      add(known, CELL_FADES, counts);
      this.#cells.set(cell, known);
    }
  }

  /** What is known of a prompt counts half as much every half-life: the model has changed since. */
  #faded({ seen, right, step }: DatedCounts): Counts {
    const left = 0.5 ** ((this.#step - step) / this.#settings.halfLife);
    return { seen: left * seen, right: left * right };
  }

  reorder(scores: readonly AngleScore[]): void {
    this.#cellOf = cellsOf(this.#kind, this.#pool, scores);
  }

  state(): CurriculumState {
    return {
      kind: this.#kind,
      rng: this.#rng.state(),
      step: this.#step,
      prompts: this.#prompts.map(({ seen, right, step }) => [seen, right, step]),
      cells: Object.fromEntries([...this.#cells].map(([name, counts]) => [name, { ...counts }])),
      ...(this.#kind === 'mixed' && { cellOf: [...this.#cellOf] }),
    };
  }
}

function add(counts: Counts, fades: number, { seen, right }: Counts): void {
  counts.seen = fades * counts.seen + seen;
  counts.right = fades * counts.right + right;
}

function cellsOf(
  kind: 'learnability' | 'mixed',
  pool: readonly Prompt[],
  scores: readonly AngleScore[] | undefined,
): string[] {
  if (kind === 'learnability' || !scores) return pool.map(({ family, level }) => `${family}/${level}`);
  const order = orderOf('gain', pool, { seed: 0, scores, withinFamily: true });
  const cells: string[] = [];
  order.forEach((index, place) => {
    cells[index] = `${pool[index]!.family}/${Math.floor((ANGLE_CELLS * place) / pool.length)}`;
  });
  return cells;
}
