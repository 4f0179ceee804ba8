/** States of curricula as they travel: with the pool and the seed that they are of, and proof that nothing was lost. */

import { createHash } from 'node:crypto';
import { check } from '../../core/errors.js';
import type { Seed } from '../../core/rng.js';
import type { CurriculumState, Prompt } from '../../methods/curriculum/curriculum.js';

/** A state and the seed that its curriculum was made with. */
export interface SealedState {
  readonly seed: Seed;
  readonly state: CurriculumState;
}

/** @returns JSON, to be kept as it is */
export function sealState({ seed, state }: SealedState, pool: readonly Prompt[]): string {
  // JSON has no exact numbers beyond 2⁵³; a seed from there travels as its digits.
  const sealed = { seed: typeof seed === 'bigint' ? String(seed) : seed, state };
  return JSON.stringify({ pool: digest(pool), digest: digest(sealed), ...sealed });
}

/** @throws AppError 'invalid-argument' if it was damaged or is that of another pool */
export function openState(json: string, pool: readonly Prompt[]): SealedState {
  const sealed = parse(json);
  const { seed, state } = sealed;
  check(sealed['digest'] === digest({ seed, state }), 'state_json is not a state as it was sent, or not all of it');
  check(
    sealed['pool'] === digest(pool),
    'state_json is the state of another pool; prompts and their order must be the same',
  );
  check(typeof seed === 'number' || /^-?\d+$/.test(String(seed)), 'state_json has no seed');
  return { seed: typeof seed === 'string' ? BigInt(seed) : (seed as number), state: state as CurriculumState };
}

function parse(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
