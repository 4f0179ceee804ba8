/** GNU Go, the opponent that shares nothing with what is measured. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The command of GNU Go at a level, under the rules of the matches (area scoring, every stone on the board counts); undefined
 * where it is not installed.
 */
export function gnugoCommand(level: number): string | undefined {
  // Debian keeps it in /usr/games, which is often not on PATH.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/games'];
  const path = folders.map((folder) => join(folder, 'gnugo')).find((file) => existsSync(file));
  if (path === undefined) return undefined;
  return `${path} --mode gtp --level ${level} --chinese-rules --capture-all-dead --positional-superko`;
}
