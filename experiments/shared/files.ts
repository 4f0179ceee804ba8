/** Where experiments keep their files, from the folder of the repository. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A file of results, which are committed. @param experiment its folder */
export function resultsFile(experiment: string, name: string): string {
  return join('experiments', experiment, 'results', name);
}

/** A file that an experiment makes on its way, which is not committed; makes the folder of the file. */
export function runFile(experiment: string, name: string): string {
  const file = join('experiments', experiment, 'runs', name);
  mkdirSync(dirname(file), { recursive: true });
  return file;
}

/**
 * All lines of a file, one JSON object each; none before there is a file. Long results are committed compressed, as FILE.gz:
 * its lines come first, and those that were appended to FILE since come after them.
 */
export function readLines<T>(file: string): T[] {
  const compressed = `${file}.gz`;
  const older = existsSync(compressed) ? gunzipSync(readFileSync(compressed)).toString('utf8') : '';
  const newer = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = `${older}\n${newer}`.split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
