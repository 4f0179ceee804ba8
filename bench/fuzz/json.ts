/** Damage to JSON that keeps it JSON: the reader behind the parser is what is tried. */

import type { Rng } from '../../src/core/rng.js';
import { extremeFloat, extremeInteger, extremeText, pick } from './extremes.js';

/** A JSON value at an edge; `known` are names that mean something. */
export function extremeJson(rng: Rng, known: readonly string[] = [], depth = 0): unknown {
  switch (rng.int(depth > 3 ? 5 : 8)) {
    case 0:
      return pick(rng, [null, true, false, [], {}]);
    case 1:
      return Number(extremeInteger(rng));
    case 2:
      return extremeFloat(rng);
    case 3:
    case 4:
      return extremeText(rng, known);
    case 5:
      return Array.from({ length: rng.int(5) }, () => extremeJson(rng, known, depth + 1));
    case 6:
      return Object.fromEntries(
        Array.from({ length: rng.int(4) }, () => [extremeText(rng, known), extremeJson(rng, known, depth + 1)]),
      );
    default:
      return JSON.parse('['.repeat(50) + ']'.repeat(50)) as unknown;
  }
}

/** The same value with one place in it changed. */
export function mutatedJson(rng: Rng, value: unknown, known: readonly string[] = []): unknown {
  if (typeof value !== 'object' || value === null || rng.int(8) === 0) return extremeJson(rng, known);
  if (Array.isArray(value)) return mutatedList(rng, value as unknown[], known);
  const entries = Object.entries(value);
  if (entries.length === 0 || rng.int(6) === 0) {
    return Object.fromEntries([...entries, [extremeText(rng, known), extremeJson(rng, known)]]);
  }
  const at = rng.int(entries.length);
  if (rng.int(6) === 0) return Object.fromEntries(entries.filter((_, i) => i !== at));
  return Object.fromEntries(entries.map(([key, old], i) => [key, i === at ? mutatedJson(rng, old, known) : old]));
}

function mutatedList(rng: Rng, list: readonly unknown[], known: readonly string[]): unknown[] {
  const at = rng.int(list.length + 1);
  switch (rng.int(5)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.toSpliced(at, 0, extremeJson(rng, known));
    case 2:
      return Array.from({ length: pick(rng, [2, 20, 1500]) }, () => list[at] ?? list[0] ?? 0);
    default:
      return list.map((old, i) => (i === at ? mutatedJson(rng, old, known) : old));
  }
}

/** JSON text of a changed value; now and then text that is no JSON any more, or has numbers that JSON cannot say. */
export function mutatedJsonText(rng: Rng, text: string, known: readonly string[] = []): string {
  const kind = rng.int(12);
  if (kind === 0) return text.slice(0, rng.int(text.length + 1));
  if (kind === 1)
    return text.replace(/\d+/, () => pick(rng, ['1e400', '-0', '1e-400', '00', '0x1', '9'.repeat(400), '1.5']));
  if (kind === 2) return `${text}${pick(rng, ['{}', ',', '\u0000', text, ' '.repeat(1000)])}`;
  if (kind === 3)
    return pick(rng, ['', '[', '{', '"', 'nul', '['.repeat(20_000), '{"a":'.repeat(5000), '"\\ud800"', '\ufeff{}']);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return extremeText(rng, known);
  }
  for (let i = 0, changes = 1 + rng.int(2); i < changes; i++) value = mutatedJson(rng, value, known);
  return JSON.stringify(value);
}
