/** The flags of `datasets make` as a suite, and its tasks as lines of a data set. */

import { nearest } from '../../src/core/config.js';
import { check } from '../../src/core/errors.js';
import { families, type Family } from '../../src/tasks/families.js';
import { suites, type SuiteName, type SuiteOptions, type Task } from '../../src/tasks/suite.js';

export interface SuiteFlags {
  readonly suite: string | undefined;
  readonly families: string | undefined;
  readonly levels: string;
  readonly count: string;
  readonly split: string;
  readonly seed: string;
}

/** Reads the flags. @throws AppError 'invalid-argument' naming the flag, the value seen and the values allowed */
export function suiteOptions(flags: SuiteFlags): SuiteOptions {
  const { suite, split } = flags;
  const known = Object.keys(suites);
  check(suite !== undefined, () => `datasets make needs --suite: ${known.join(', ')}`);
  check(Object.hasOwn(suites, suite), () => `There is no suite '${suite}'; did you mean '${nearest(suite, known)}'?`);
  check(split === 'train' || split === 'test', () => `--split is '${split}'; it must be train or test`);
  const chosen = suites[suite as SuiteName];
  return {
    families: flags.families === undefined ? chosen.families : familiesOf(flags.families),
    fixedLength: chosen.fixedLength,
    levels: levelsOf(flags.levels),
    count: whole('count', flags.count),
    seed: whole('seed', flags.seed),
    split,
  };
}

/** One line, its end with it; the completion lets `sft` learn from it too. */
export function taskLine({ prompt, answer, family, level }: Task): string {
  return `${JSON.stringify({ prompt, completion: answer, answer, family, level })}\n`;
}

function familiesOf(list: string): Family[] {
  const known = Object.keys(families);
  return list.split(',').map((name) => {
    check(
      Object.hasOwn(families, name),
      () => `There is no family '${name}'; did you mean '${nearest(name, known)}'? All are ${known.join(', ')}`,
    );
    return name as Family;
  });
}

function levelsOf(range: string): number[] {
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  check(
    first !== undefined,
    () => `--levels is '${range}'; it must be a level or two with - between them, such as 1-4`,
  );
  const [from, to] = [Number(first), Number(last ?? first)];
  check(from <= to && to < 1000, () => `--levels is '${range}'; the first must not be above the last`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  check(
    text !== '' && Number.isSafeInteger(value) && value >= 0,
    () => `--${name} is '${text}'; it must be a whole number`,
  );
  return value;
}
