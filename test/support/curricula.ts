import { Rng } from '../../src/core/rng.js';
import type { AngleScore, Prompt, StepOutcome } from '../../src/methods/curriculum/curriculum.js';

/** A pool of two families and four levels, the harder the longer. */
export function somePool(size: number): Prompt[] {
  return Array.from({ length: size }, (_, i) => {
    const level = 1 + (i % 4);
    return { id: `prompt-${i}`, length: 4 * level + (i % 3), family: i % 2 === 0 ? 'add' : 'reverse', level };
  });
}

/** Scores that fall with the level, with a little chance. */
export function someScores(pool: readonly Prompt[], seed = 1): AngleScore[] {
  const rng = new Rng(seed);
  return pool.map(({ length, level }) => {
    return { intra: 0.9 - 0.1 * level + 0.05 * rng.float(), inter: 0.2, debiasedIntra: 0.5 - 0.1 * level, length };
  });
}

/** What a model would do that solves level 1 always and level 4 never. */
export function outcomeOf(
  pool: readonly Prompt[],
  drawn: readonly number[],
  scores: readonly AngleScore[],
): StepOutcome {
  return {
    drawn,
    passRates: drawn.map((index) => [1, 0.5, 0.25, 0][pool[index]!.level - 1]!),
    angle: drawn.map((index) => scores[index]!),
  };
}
