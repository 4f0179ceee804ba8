/**
 * Suites: many tasks of some families and levels, from a seed. Whether a question belongs to training or to testing follows
 * from its text alone, so the two never share one, whatever their seeds, sizes and levels.
 */

import { AppError, check } from '../core/errors.js';
import { Rng } from '../core/rng.js';
import { families, LEVELS, type Family, type Question } from './families.js';

/** Which half of the questions. */
export type Split = 'train' | 'test';

/** A task: a question with where it comes from. */
export interface Task extends Question {
  /** Unique in its suite; equal for equal questions. */
  readonly id: string;
  readonly family: Family;
  readonly level: number;
}

export interface SuiteOptions {
  readonly families: readonly Family[];
  /** From 1 to `LEVELS`; each family has as many tasks of one as of another, as far as there are enough questions. */
  readonly levels: readonly number[];
  readonly count: number;
  readonly seed: number;
  readonly split: Split;
  /** Questions of a family are equally long at every level. */
  readonly fixedLength: boolean;
}

/** Suites with a name; `mix` has many kinds of tasks at once, `ladder` one kind that grows hard. */
export const suites = {
  ladder: { families: ['reverse'], fixedLength: false },
  'ladder-fixed': { families: ['reverse'], fixedLength: true },
  mix: { families: ['add', 'sub', 'mod', 'sort', 'reverse', 'max', 'depth', 'chain'], fixedLength: false },
  'mix-fixed': { families: ['add', 'sub', 'mod', 'sort', 'reverse', 'max', 'depth', 'chain'], fixedLength: true },
} as const satisfies Record<string, Pick<SuiteOptions, 'families' | 'fixedLength'>>;

export type SuiteName = keyof typeof suites;

/** One question in this many is for testing. */
const TEST_SHARE = 8;
/** Draws in a row without a new question after which a family's level counts as used up. */
const PATIENCE = 400;

/**
 * Draws a suite: no two questions are equal, and equal options give equal suites. The tasks of families and levels take turns.
 *
 * @throws AppError 'invalid-argument' if a level does not exist, or if there are not as many different questions
 */
export function makeSuite({ families: names, levels, count, seed, split, fixedLength }: SuiteOptions): Task[] {
  checkOptions(names, levels, count);
  const rng = new Rng(seed);
  const seen = new Set<string>();
  let cells = levels.flatMap((level) => names.map((family) => ({ family, level })));
  const tasks: Task[] = [];
  while (tasks.length < count && cells.length > 0) {
    cells = cells.filter(({ family, level }) => {
      if (tasks.length === count) return true;
      const question = drawNew(family, () => families[family]({ level, fixedLength, rng }), split, seen);
      if (question) tasks.push({ id: `${family}/${level}/${question.prompt}`, family, level, ...question });
      return question !== undefined;
    });
  }
  if (tasks.length === count) return tasks;
  throw new AppError(
    'invalid-argument',
    `The suite was to have ${count} tasks; there are only about ${tasks.length} different ones for ${split}`,
  );
}

function checkOptions(names: readonly Family[], levels: readonly number[], count: number): void {
  check(names.length > 0 && levels.length > 0, 'A suite needs at least one family and one level');
  const strange = levels.find((level) => !(Number.isInteger(level) && level >= 1 && level <= LEVELS));
  check(strange === undefined, () => `The level is ${String(strange)}; it must be a whole number from 1 to ${LEVELS}`);
  check(Number.isInteger(count) && count >= 1, () => `The suite was to have ${count} tasks; it must have at least 1`);
}

/** A question of the split that is not in `seen`, which it joins. */
function drawNew(family: Family, draw: () => Question, split: Split, seen: Set<string>): Question | undefined {
  for (let i = 0; i < PATIENCE; i++) {
    const question = draw();
    const key = `${family} ${question.prompt}`;
    if (seen.has(key) || splitOf(key) !== split) continue;
    seen.add(key);
    return question;
  }
  return undefined;
}

/** FNV-1a, stirred: neighbouring texts differ in their low bits. */
function splitOf(text: string): Split {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return (hash >>> 8) % TEST_SHARE === 0 ? 'test' : 'train';
}
