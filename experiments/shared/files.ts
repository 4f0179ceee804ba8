/** Where experiments keep their files, from the folder of the repository. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** All lines of a file, one JSON object each; none before there is a file. */
export function readLines<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}
