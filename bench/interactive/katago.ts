/** KataGo's own speed on the same machine, by its `benchmark` command. KataGo is not part of the project. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { check } from '../../src/core/errors.js';

/** The program, a network and how to run them. */
export interface KatagoSetup {
  readonly program: string;
  /** A settings file; empty if KataGo finds its own. */
  readonly config: string;
  readonly net: string;
  readonly searchThreads: number;
}

export interface KatagoSpeed {
  readonly visitsPerSecond: number;
  readonly evaluationsPerSecond: number;
}

/** Visits of each of the positions that KataGo searches. */
const VISITS = 800;

/** @throws AppError 'invalid-argument' with what KataGo printed, if it names no speed */
export async function katagoSpeed(setup: KatagoSetup, size: number): Promise<KatagoSpeed> {
  const config = setup.config === '' ? [] : ['-config', setup.config];
  const args = ['-model', setup.net, ...config, '-boardsize', size, '-visits', VISITS, '-threads', setup.searchThreads];
  const child = spawn(setup.program, ['benchmark', ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(child, 'close');
  return readBenchmark(printed);
}

/** The last line of speeds, such as "numSearchThreads = 8: 10 / 10 positions, visits/s = 829.1 nnEvals/s = 810.0 …". */
export function readBenchmark(printed: string): KatagoSpeed {
  const match = [...printed.matchAll(/visits\/s = ([\d.]+) nnEvals\/s = ([\d.]+)/g)].at(-1);
  check(match !== undefined, () => `KataGo's benchmark printed no speed: ${printed.slice(-500)}`);
  return { visitsPerSecond: Number(match[1]), evaluationsPerSecond: Number(match[2]) };
}
