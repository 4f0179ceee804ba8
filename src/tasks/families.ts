/**
 * Families of tasks whose answers a program can check. A family makes the question and the answer of a level; a higher
 * level has more digits or more operations. In the fixed-length form every question of a family has the same number of
 * characters whatever its level: operands are padded with zeros, or the level says how many of the slots count. There the
 * length of a question tells nothing of its difficulty.
 */

import type { Rng } from '../core/rng.js';

/** A question and the only answer that is right. */
export interface Question {
  readonly prompt: string;
  readonly answer: string;
}

export interface QuestionOptions {
  /** From 1 to `LEVELS`. */
  readonly level: number;
  readonly fixedLength: boolean;
  readonly rng: Rng;
}

export const LEVELS = 8;
/** Digits, numbers or brackets that the fixed-length form has room for: level + 1 of them at most count. */
const SLOTS = LEVELS + 1;

export const families = {
  /** `12+3=` → `15`: two numbers with level + 1 digits together. */
  add: (options: QuestionOptions) => {
    const [a, b] = operands(options);
    return { prompt: `${a.text}+${b.text}=`, answer: String(a.value + b.value) };
  },
  /** `12-3=` → `9`, never below 0. */
  sub: (options: QuestionOptions) => {
    const [a, b] = operands(options);
    const [larger, smaller] = a.value >= b.value ? [a, b] : [b, a];
    return { prompt: `${larger.text}-${smaller.text}=`, answer: String(larger.value - smaller.value) };
  },
  /** `12*3=` → `36`. */
  mul: (options: QuestionOptions) => {
    const [a, b] = operands(options);
    return { prompt: `${a.text}*${b.text}=`, answer: String(a.value * b.value) };
  },
  /** `174%7=` → `6`: a number of `level` + 1 digits. */
  mod: ({ level, fixedLength, rng }: QuestionOptions) => {
    const number = numberOf(digits(level + 1, rng), fixedLength ? SLOTS : 0);
    const divisor = 2 + rng.int(8);
    return { prompt: `${number.text}%${divisor}=`, answer: String(number.value % divisor) };
  },
  /** `sort 301=` → `013`; fixed: `sort3 301772915=`, of which the first three are sorted. */
  sort: (options: QuestionOptions) => slotted('sort', options, (counted) => Array.from(counted).sort().join('')),
  /** `rev 301=` → `103`; fixed: `rev3 301772915=`. */
  reverse: (options: QuestionOptions) => slotted('rev', options, (counted) => Array.from(counted).reverse().join('')),
  /** `max 30 17=` → `30`; fixed: `max2 30 17 72 …=`. */
  max: ({ level, fixedLength, rng }: QuestionOptions) => {
    const count = level + 1;
    const pairs = Array.from({ length: fixedLength ? SLOTS : count }, () => digits(2, rng));
    const answer = pairs.slice(0, count).sort().at(-1)!;
    return { prompt: `max${fixedLength ? count : ''} ${pairs.join(' ')}=`, answer };
  },
  /** `(()())` → `2`, the depth of the deepest pair; fixed: filled up with `.`. */
  depth: ({ level, fixedLength, rng }: QuestionOptions) => {
    const { text, depth } = brackets(level + 1, rng);
    return { prompt: `${fixedLength ? text.padEnd(2 * SLOTS, '.') : text}=`, answer: String(depth) };
  },
  /** `3+5-9:` → `9`, computed modulo 10; fixed: filled up with `+0`. */
  chain: ({ level, fixedLength, rng }: QuestionOptions) => {
    let text = digits(1, rng);
    let value = Number(text);
    for (let i = 0; i < level; i++) {
      const [operand, isSum] = [rng.int(10), rng.int(2) === 0];
      text += `${isSum ? '+' : '-'}${operand}`;
      value += isSum ? operand : -operand;
    }
    const filled = fixedLength ? text.padEnd(1 + 2 * LEVELS, '+0') : text;
    return { prompt: `${filled}:`, answer: String(((value % 10) + 10) % 10) };
  },
} as const satisfies Record<string, (options: QuestionOptions) => Question>;

export type Family = keyof typeof families;

interface Operand {
  readonly value: number;
  readonly text: string;
}

function operands({ level, fixedLength, rng }: QuestionOptions): [Operand, Operand] {
  const [longer, shorter] = [Math.ceil((level + 1) / 2), Math.floor((level + 1) / 2)];
  const width = fixedLength ? Math.ceil((LEVELS + 1) / 2) : 0;
  return [numberOf(digits(longer, rng), width), numberOf(digits(shorter, rng), width)];
}

/** The first of several digits is not 0, so that their number is the level's. */
function numberOf(text: string, width: number): Operand {
  const value = Number(text.length > 1 && text.startsWith('0') ? `1${text.slice(1)}` : text);
  return { value, text: String(value).padStart(width, '0') };
}

function slotted(verb: string, options: QuestionOptions, answer: (counted: string) => string): Question {
  const { level, fixedLength, rng } = options;
  const count = level + 1;
  const text = digits(fixedLength ? SLOTS : count, rng);
  return { prompt: `${verb}${fixedLength ? count : ''} ${text}=`, answer: answer(text.slice(0, count)) };
}

function digits(count: number, rng: Rng): string {
  return Array.from({ length: count }, () => rng.int(10)).join('');
}

/** A balanced sequence; an opening is as likely as a closing where both can be. */
function brackets(pairs: number, rng: Rng): { text: string; depth: number } {
  let [text, open, depth, left] = ['', 0, 0, pairs];
  while (left > 0 || open > 0) {
    const opens = left > 0 && (open === 0 || rng.int(2) === 0);
    text += opens ? '(' : ')';
    open += opens ? 1 : -1;
    left -= opens ? 1 : 0;
    depth = Math.max(depth, open);
  }
  return { text, depth };
}
