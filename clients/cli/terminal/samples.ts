/** Completions that a job shows, as a table. */

import { formatTable } from '../../shared/table.js';

/** Longest text in a cell. */
const WIDEST = 48;

/** @param message of a point of progress 'samples': a JSON list of completions; anything else is shown as it is */
export function samplesTable(message: string): string {
  let rows: unknown;
  try {
    rows = JSON.parse(message);
  } catch {
    return message;
  }
  if (!Array.isArray(rows)) return message;
  const cells = rows.map((row: Record<string, unknown>) => [
    cell(row['prompt']),
    cell(row['completion']),
    cell(row['answer']),
    typeof row['reward'] === 'number' ? row['reward'].toFixed(2) : '',
    row['correct'] === true ? 'yes' : 'no',
  ]);
  return formatTable(['PROMPT', 'COMPLETION', 'ANSWER', 'REWARD', 'CORRECT'], cells).replace(/^/gm, '    ');
}

/** One line without control characters, which a model may well write. */
function cell(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const line = text.replace(/\n/g, '⏎').replace(/\p{Cc}/gu, '·');
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line;
}
