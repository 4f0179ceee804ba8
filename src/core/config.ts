/**
 * Settings as data. A component declares its fields once (default, range, meaning); reading, checking, printing help
 * and writing docs/config.md all come from that one declaration. Unknown keys are refused with the nearest known one.
 */

import { AppError } from './errors.js';
import { quoted, shown } from './quoted.js';

interface FieldBase {
  /** One sentence for the help text and docs/config.md. */
  readonly doc: string;
  /** What the default is called in help texts where it depends on the machine. */
  readonly defaultName?: string;
}
/** A number with an allowed range; `integer` refuses fractions. */
export interface NumberField extends FieldBase {
  readonly type: 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}
/** Free text. */
export interface TextField extends FieldBase {
  readonly type: 'text';
  readonly default: string;
}
/** True or false. */
export interface FlagField extends FieldBase {
  readonly type: 'flag';
  readonly default: boolean;
}
/** One of a fixed list of words. */
export interface ChoiceField<T extends string = string> extends FieldBase {
  readonly type: 'choice';
  readonly default: T;
  readonly choices: readonly T[];
}
export type Field = NumberField | TextField | FlagField | ChoiceField;
/** The settings of one component, keyed by name in camelCase. */
export type Schema = Readonly<Record<string, Field>>;

/** The values that a schema describes. */
export type ConfigOf<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends NumberField
    ? number
    : S[K] extends FlagField
      ? boolean
      : S[K] extends ChoiceField<infer T>
        ? T
        : string;
};

/** A setting that is a number from `min` to `max`, and `value` where it is not given; `doc` is for help texts. */
export function number(value: number, min: number, max: number, doc: string): NumberField {
  return { type: 'number', default: value, min, max, doc };
}
/** The same for a whole number. */
export function integer(value: number, min: number, max: number, doc: string): NumberField {
  return { type: 'number', default: value, min, max, doc, integer: true };
}
export function text(value: string, doc: string): TextField {
  return { type: 'text', default: value, doc };
}
export function flag(value: boolean, doc: string): FlagField {
  return { type: 'flag', default: value, doc };
}
export function choice<const T extends string>(value: NoInfer<T>, choices: readonly T[], doc: string): ChoiceField<T> {
  return { type: 'choice', default: value, choices, doc };
}

/**
 * Checks `input` against `schema` and fills in the defaults. Strings are accepted for every type, so flags,
 * environment variables and JSON files all come through here.
 *
 * @throws AppError 'invalid-argument' naming the key, the value seen and the values allowed
 */
export function readConfig<S extends Schema>(schema: S, input: Readonly<Record<string, unknown>>): ConfigOf<S> {
  for (const key of Object.keys(input)) {
    if (!Object.hasOwn(schema, key)) {
      throw new AppError(
        'invalid-argument',
        `Unknown setting ${quoted(key)}; did you mean '${nearest(key, Object.keys(schema))}'?`,
      );
    }
  }
  const values: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema)) {
    const seen = input[key];
    values[key] = seen === undefined ? field.default : readField(key, field, seen);
  }
  return values as ConfigOf<S>;
}

/** The flag of a setting, without dashes: `dataDir` → `data-dir`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The default of `field` as help texts say it; '' if there is none. */
export function describeDefault({ defaultName, default: value }: Field): string {
  return defaultName ?? String(value);
}

/** The values allowed for `field`, in words. */
export function describeAllowed(field: Field): string {
  switch (field.type) {
    case 'number':
      return `${field.integer ? 'a whole number' : 'a number'} from ${String(field.min)} to ${String(field.max)}`;
    case 'choice':
      return `one of ${field.choices.join(', ')}`;
    case 'flag':
      return 'true or false';
    case 'text':
      return 'text';
  }
}

function readField(key: string, field: Field, seen: unknown): unknown {
  const refuse = (): never => {
    throw new AppError('invalid-argument', `Setting '${key}' is ${shown(seen)}; it must be ${describeAllowed(field)}`);
  };
  switch (field.type) {
    case 'number': {
      const value = typeof seen === 'string' && seen.trim() !== '' ? Number(seen) : seen;
      if (typeof value !== 'number' || !(value >= field.min && value <= field.max)) return refuse();
      if (field.integer && !Number.isInteger(value)) return refuse();
      return value;
    }
    case 'flag':
      if (seen === true || seen === 'true') return true;
      if (seen === false || seen === 'false') return false;
      return refuse();
    case 'choice':
      return typeof seen === 'string' && field.choices.includes(seen) ? seen : refuse();
    case 'text':
      return typeof seen === 'string' ? seen : refuse();
  }
}

/** The candidate with the smallest edit distance to `word`. */
export function nearest(word: string, candidates: readonly string[]): string {
  let best = candidates[0] ?? '';
  let bestDistance = Infinity;
  // No name is longer, and a word of megabytes would be compared for minutes.
  const start = word.slice(0, 100).toLowerCase();
  for (const candidate of candidates) {
    const distance = editDistance(start, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
