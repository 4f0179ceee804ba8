/** The ratings of a job's versions as text for a terminal. */

import type { RatingRow } from '../harness/ports.js';

/** One line for each version, the strongest first: `version  step  Elo ± interval  games`. */
export function formatRatingTable(rows: readonly RatingRow[]): string {
  const cells = rows
    .toSorted((a, b) => b.rating - a.rating || b.step - a.step)
    .map(({ ref, step, rating, interval, games }) => [
      ref,
      String(step),
      games === 0 ? '–' : `${rating.toFixed(0)} ± ${interval.toFixed(0)}`,
      String(games),
    ]);
  const table = [['version', 'step', 'Elo', 'games'], ...cells];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  return `${lines.join('\n')}\n`;
}
