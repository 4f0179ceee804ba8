/** Reads the fields of one JSON object and remembers the first that is wrong, in KataGo's form: field and sentence. */

import { written } from '../../src/core/quoted.js';
import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { parseVertex } from '../../src/go/vertex.js';

/** Why a query cannot be answered, or what was passed over in one that can. */
export interface Complaint {
  readonly field: string;
  readonly message: string;
}

/** A stone or a move as it was sent. */
export interface Placed {
  readonly color: Color;
  /** A point, or size² for a pass. */
  readonly action: number;
}

/** One object's fields. Every reader returns undefined for a field that is absent or wrong. */
export class Fields {
  /** The first field that could not be read. */
  problem: Complaint | undefined;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(field: string): boolean {
    return this.#values[field] !== undefined;
  }

  /** The field as it was sent. */
  get(field: string): unknown {
    return this.#values[field];
  }

  /** Remembers that `field` is wrong, unless another one was before. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it is always undefined, of the reader's type
  refuse<T>(field: string, message: string): T | undefined {
    this.problem ??= { field, message };
    return undefined;
  }

  flag(field: string): boolean {
    const value = this.#values[field];
    if (value === undefined || typeof value === 'boolean') return value ?? false;
    this.refuse(field, `Must be true or false, not ${shown(value)}`);
    return false;
  }

  /** A number from `min` to `max`; `whole` refuses fractions. */
  number(field: string, min: number, max: number, { whole = false } = {}): number | undefined {
    const value = this.#values[field];
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? 'an integer' : 'a number';
    return this.refuse(field, `Must be ${kind} from ${String(min)} to ${String(max)}, not ${shown(value)}`);
  }

  integer(field: string, min: number, max: number): number | undefined {
    return this.number(field, min, max, { whole: true });
  }

  /** A list of integers from `min` to `max`. */
  integers(field: string, min: number, max: number): readonly number[] | undefined {
    const value = this.#values[field];
    if (value === undefined) return undefined;
    const isFit = (item: unknown): item is number =>
      Number.isInteger(item) && Number(item) >= min && Number(item) <= max;
    if (Array.isArray(value) && value.every(isFit)) return value;
    return this.refuse(
      field,
      `Must be an array of integers from ${String(min)} to ${String(max)}, not ${shown(value)}`,
    );
  }

  color(field: string): Color | undefined {
    const value = this.#values[field];
    if (value === undefined) return undefined;
    return readPlayer(value) ?? this.refuse(field, `Must be "B" or "W", not ${shown(value)}`);
  }

  /** Pairs of player and vertex. */
  placed(field: string, size: number, allowed: { readonly pass: boolean }): readonly Placed[] | undefined {
    const value = this.#values[field];
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.refuse(field, pairForm);
    const result: Placed[] = [];
    for (const pair of value as unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2) return this.refuse(field, pairForm);
      const color = readPlayer(pair[0]);
      if (color === undefined) return this.refuse(field, `Could not parse player: ${shown(pair[0])}`);
      const action = readLocation(pair[1], size);
      if (action === undefined || (!allowed.pass && action === size * size)) {
        return this.refuse(field, `Could not parse board location: ${shown(pair[1])}`);
      }
      result.push({ color, action });
    }
    return result;
  }

  /** Vertices; `field` is also where a complaint about them is put if the object is part of another. */
  locations(field: string, size: number): readonly number[] | undefined {
    const value = this.#values[field];
    if (!Array.isArray(value)) return this.refuse(field, 'Must be an array of GTP board vertices');
    const result: number[] = [];
    for (const text of value as unknown[]) {
      const action = readLocation(text, size);
      if (action === undefined) return this.refuse(field, `Could not parse board location: ${shown(text)}`);
      result.push(action);
    }
    return result;
  }

  /** A list of objects. */
  objects(field: string, message: string): readonly Fields[] | undefined {
    const value = this.#values[field];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isObject)) return this.refuse(field, message);
    return value.map((item) => new Fields(item));
  }
}

const pairForm = 'Must be an array of pairs of the form: ["B" or "W", GTP board vertex]';

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for a sentence; long ones are cut. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : written(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Whether there are lists and objects in a value at most so deep in one another. */
export function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isWithinDepth(part, levels - 1));
}

function readPlayer(value: unknown): Color | undefined {
  if (typeof value !== 'string') return undefined;
  switch (value.toLowerCase()) {
    case 'b':
    case 'black':
      return BLACK;
    case 'w':
    case 'white':
      return WHITE;
    default:
      return undefined;
  }
}

/** A vertex, `pass`, or `(x,y)` counted from the top-left. */
function readLocation(value: unknown, size: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [, x, y] = /^\((\d+),(\d+)\)$/.exec(value.trim()) ?? [];
  if (x !== undefined && y !== undefined) {
    return Number(x) < size && Number(y) < size ? Number(y) * size + Number(x) : undefined;
  }
  try {
    return parseVertex(value, size);
  } catch {
    return undefined;
  }
}
