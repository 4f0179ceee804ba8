import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { families, LEVELS, type Family } from '../../../src/tasks/families.js';
import { makeSuite, suites } from '../../../src/tasks/suite.js';

const every = Object.keys(families) as Family[];
const levels = Array.from({ length: LEVELS }, (_, i) => i + 1);

function valueOf(expression: string): number {
  const [, a, operator, b] = /^(\d+)([-+*%])(\d+)=$/.exec(expression)!;
  const [x, y] = [Number(a), Number(b)];
  return operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : x % y;
}

describe('families', () => {
  it.each(['add', 'sub', 'mul', 'mod'] as const)('%s has the answer of its expression, padded or not', (family) => {
    const rng = new Rng(1);
    for (const level of levels) {
      for (const fixedLength of [false, true]) {
        const { prompt, answer } = families[family]({ level, fixedLength, rng });
        expect(Number(answer)).toBe(valueOf(prompt));
        expect(answer).toBe(String(Number(answer)));
      }
    }
  });

  it('sorts and reverses the digits that count', () => {
    const rng = new Rng(2);
    for (const fixedLength of [false, true]) {
      const sort = families.sort({ level: 3, fixedLength, rng });
      const digits = sort.prompt.split(' ')[1]!.slice(0, 4);
      expect(sort.answer).toBe(Array.from(digits).sort().join(''));
      const reverse = families.reverse({ level: 3, fixedLength, rng });
      expect(Array.from(reverse.answer).reverse().join('')).toBe(reverse.prompt.split(' ')[1]!.slice(0, 4));
    }
  });

  it('counts the depth of brackets', () => {
    const { prompt, answer } = families.depth({ level: 8, fixedLength: true, rng: new Rng(3) });
    let [open, deepest] = [0, 0];
    for (const letter of prompt) {
      open += letter === '(' ? 1 : letter === ')' ? -1 : 0;
      deepest = Math.max(deepest, open);
    }
    expect(open).toBe(0);
    expect(Number(answer)).toBe(deepest);
  });

  it('chains sums and differences modulo 10', () => {
    const rng = new Rng(4);
    for (const level of levels) {
      const { prompt, answer } = families.chain({ level, fixedLength: true, rng });
      const sum = (prompt.match(/[-+]?\d/g) ?? []).reduce((total, part) => total + Number(part), 0);
      expect(Number(answer)).toBe(((sum % 10) + 10) % 10);
    }
  });
});

describe('makeSuite', () => {
  const options = { families: every, levels, count: 600, seed: 5, split: 'train', fixedLength: false } as const;

  it('gives equal suites for equal seeds, and others for others', () => {
    expect(makeSuite(options)).toEqual(makeSuite(options));
    expect(makeSuite({ ...options, seed: 6 })).not.toEqual(makeSuite(options));
  });

  it('never gives a question twice, nor one to both training and testing', () => {
    const train = makeSuite({ ...options, count: 2000 }).map(({ id }) => id);
    const test = makeSuite({ ...options, seed: 77, split: 'test' }).map(({ id }) => id);
    expect(new Set([...train, ...test]).size).toBe(2600);
  });

  it('has as many tasks of every level', () => {
    const tasks = makeSuite({ ...options, families: ['reverse'], levels: [2, 3, 4], count: 300 });
    expect([2, 3, 4].map((level) => tasks.filter((task) => task.level === level).length)).toEqual([100, 100, 100]);
  });

  it('makes the questions of a family equally long in the fixed-length slice', () => {
    for (const family of every) {
      const tasks = makeSuite({ ...options, families: [family], count: 64, fixedLength: true });
      expect(new Set(tasks.map(({ prompt }) => prompt.length)).size).toBe(1);
      expect(new Set(tasks.map(({ level }) => level)).size).toBe(LEVELS);
    }
  });

  it('refuses levels that do not exist, and more tasks than there are questions', () => {
    expect(() => makeSuite({ ...options, levels: [9] })).toThrow(
      'The level is 9; it must be a whole number from 1 to 8',
    );
    const few = { ...options, families: ['add'], levels: [1] } as const;
    expect(() => makeSuite(few)).toThrow(/was to have 600 tasks; there are only about \d+ different ones for train/);
  });

  it('has suites with names', () => {
    for (const suite of Object.values(suites)) expect(makeSuite({ ...options, ...suite, count: 40 })).toHaveLength(40);
  });
});
