/**
 * Angle scores as a data set: lines of tasks with `intra`, `inter`, `debiasedIntra` and `length`, and `modelVersion`, the
 * model whose states they were taken from. They say nothing of another model.
 */

import { AppError, check } from '../../core/errors.js';
import { shown } from '../../core/quoted.js';
import type { AngleScore } from '../../methods/curriculum/curriculum.js';
import type { RftTask } from './prompts.js';

const fields = ['intra', 'inter', 'debiasedIntra', 'length'] as const;

/** Writes the tasks of a pool with their scores. */
export function formatScoredTasks(
  pool: readonly RftTask[],
  scores: readonly AngleScore[],
  modelVersion: string,
): Uint8Array {
  const lines = pool.map(({ prompt, answer, family, level, verifier }, i) => {
    const given = {
      ...(family !== '' && { family }),
      ...(level !== 0 && { level }),
      ...(verifier !== undefined && { verifier }),
    };
    return JSON.stringify({ prompt, answer, ...given, ...scores[i], modelVersion });
  });
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/** Of which model scores are to be. */
export interface ScoresOf {
  readonly modelVersion: string;
  /** Whether scores of another model are taken. */
  readonly allowsOthers: boolean;
}

/** Scores by prompt. */
export type KnownScores = ReadonlyMap<string, AngleScore>;

/**
 * Reads such a file.
 *
 * @throws AppError 'failed-precondition' naming the line with another model; 'invalid-argument' if a line is malformed
 */
export function parseScores(file: Uint8Array, { modelVersion, allowsOthers }: ScoresOf): KnownScores {
  const known = new Map<string, AngleScore>();
  const lines = new TextDecoder().decode(file).split('\n');
  for (const [i, text] of lines.entries()) {
    if (text.trim() === '') continue;
    const row = parse(text, i + 1);
    if (row['modelVersion'] !== modelVersion && !allowsOthers) {
      throw new AppError(
        'failed-precondition',
        `Line ${i + 1} of the scores is of the model ${shown(row['modelVersion'])}, the job starts from ` +
          `'${modelVersion}'; score the prompts with it, or set scoresOfAnyModel=true`,
      );
    }
    known.set(String(row['prompt']), scoreOf(row, i + 1));
  }
  return known;
}

/** @throws AppError 'invalid-argument' if a prompt has no scores */
export function findScores(known: KnownScores, pool: readonly RftTask[]): AngleScore[] {
  return pool.map(({ id, prompt }) => {
    const score = known.get(prompt);
    check(score !== undefined, `The scores have none for prompt '${id}'`);
    return score;
  });
}

function parse(text: string, line: number): Record<string, unknown> {
  try {
    const row: unknown = JSON.parse(text);
    check(typeof row === 'object' && row !== null, 'it must be a JSON object');
    return row as Record<string, unknown>;
  } catch (error) {
    throw new AppError('invalid-argument', `Line ${line} of the scores: ${AppError.from(error).message}`, {
      cause: error,
    });
  }
}

function scoreOf(row: Record<string, unknown>, line: number): AngleScore {
  const values = fields.map((name) => {
    const value = row[name];
    check(typeof value === 'number' && Number.isFinite(value), `Line ${line} of the scores: ${name} must be a number`);
    return [name, value] as const;
  });
  return Object.fromEntries(values) as unknown as AngleScore;
}
