/**
 * Tasks of reinforcement fine-tuning: a line of JSONL with `prompt` and `answer`, or `question` and `answer` as GSM8K has
 * them, where the answer to compare with stands after `####` (Cobbe et al., arXiv 2110.14168).
 */

import { AppError, check } from '../core/errors.js';
import { shown } from '../core/quoted.js';

/** One prompt and what its completion is compared with. */
export interface PromptTask {
  readonly prompt: string;
  readonly answer: string;
  /** How completions are judged; not given: as the job says. */
  readonly verifier?: string;
  readonly family?: string;
  readonly level?: number;
}

/** A task and where it stands in its file. */
export interface NumberedTask extends PromptTask {
  /** Counted from 1. */
  readonly line: number;
}

/** What a file of tasks holds: every line that is not blank is in one of the lists. */
export interface TaskFile {
  readonly tasks: readonly NumberedTask[];
  /** `reason` is the end of a sentence that begins with 'Line N:'. */
  readonly malformed: readonly { readonly line: number; readonly reason: string }[];
}

const MARK = '####';

/** Reads a file of JSON lines; blank lines are passed over but counted. Other fields of a line are of no meaning. */
export function readTasks(file: Uint8Array): TaskFile {
  const tasks: NumberedTask[] = [];
  const malformed: { line: number; reason: string }[] = [];
  const lines = new TextDecoder().decode(file).split('\n');
  lines.forEach((text, i) => {
    if (text.trim() === '') return;
    try {
      tasks.push({ line: i + 1, ...parseTask(text) });
    } catch (error) {
      malformed.push({ line: i + 1, reason: AppError.from(error).message });
    }
  });
  return { tasks, malformed };
}

/**
 * The task of one line.
 *
 * @throws AppError 'invalid-argument' with the reason
 */
export function parseTask(line: string): PromptTask {
  const row = parseRow(line);
  const isQuestion = row['prompt'] === undefined && row['question'] !== undefined;
  const prompt = textOf(row, isQuestion ? 'question' : 'prompt');
  check(prompt !== '', 'the prompt is empty');
  const given = textOf(row, 'answer');
  const answer = isQuestion ? finalAnswer(given) : given;
  check(answer !== '', 'the answer is empty');
  const { level } = row;
  check(level === undefined || Number.isFinite(level), () => `level is ${shown(level)}; it must be a number`);
  return {
    prompt,
    answer,
    ...(row['verifier'] !== undefined && { verifier: textOf(row, 'verifier') }),
    ...(row['family'] !== undefined && { family: textOf(row, 'family') }),
    ...(level !== undefined && { level: level as number }),
  };
}

export function isTask(line: string): boolean {
  try {
    parseTask(line);
    return true;
  } catch {
    return false;
  }
}

/** What stands after the last `####`, without the commas of thousands: GSM8K's answers are whole numbers. */
function finalAnswer(text: string): string {
  const at = text.lastIndexOf(MARK);
  check(at >= 0, `the answer has no '${MARK}' before its result`);
  return text
    .slice(at + MARK.length)
    .trim()
    .replaceAll(',', '');
}

function parseRow(line: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new AppError('invalid-argument', 'it is not JSON', { cause: error });
  }
  check(typeof row === 'object' && row !== null && !Array.isArray(row), 'it must be a JSON object');
  return row as Record<string, unknown>;
}

function textOf(row: Record<string, unknown>, field: string): string {
  const value = row[field];
  if (typeof value === 'string') return value;
  // Numbers are what many files have as answers.
  if (typeof value === 'number' && field === 'answer') return String(value);
  throw new AppError('invalid-argument', `${field} is ${shown(value)}; it must be a string`);
}
