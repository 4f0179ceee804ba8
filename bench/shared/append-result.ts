/** The one place that writes lines of results: each says what it takes to make it again, or is refused. */

import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname } from 'node:path';
import { check } from '../../src/core/errors.js';
import { commit } from './commit.js';

/** What it takes to make a result again. */
export interface Facts {
  /** Of the code that ran; without '-dirty' in what is kept. */
  readonly commit: string;
  readonly command: string;
  /** Node's version. */
  readonly node: string;
  /** How many processors of which kind. */
  readonly cpu: string;
  /** When the measurement began, ISO 8601. */
  readonly date: string;
}

const needed = ['commit', 'command', 'node', 'cpu', 'date'] as const satisfies readonly (keyof Facts)[];

let here: Facts | undefined;

/** The facts of this process, which are those of its first call: code that changes while it measures is not what it runs. */
export function facts(): Facts {
  here ??= {
    commit: commit(),
    command: commandOf(process.argv),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    date: new Date().toISOString(),
  };
  return here;
}

/** To be called before anything is measured that is to be kept. @throws AppError 'invalid-argument' as `appendResult` */
export function checkFacts(given: Facts = facts()): Facts {
  check(
    !given.commit.endsWith('-dirty'),
    () =>
      `The code differs from commit ${given.commit.replace('-dirty', '')}, so nobody could make a result of it again; ` +
      'commit first, or measure without keeping the result',
  );
  check(given.commit !== 'unknown', 'There is no git repository here to say which code a result is of');
  for (const name of needed) check(given[name] !== '', `A result without ${name} is not kept`);
  return given;
}

/**
 * Appends a result with its facts as one line, in one write, so that processes do not mix theirs.
 *
 * @throws AppError 'invalid-argument' if the code is no commit, or a fact is missing
 */
export function appendResult(file: string, result: object, given: Facts = facts()): void {
  appendFileSync(file, `${JSON.stringify({ ...result, ...checkFacts(given) })}\n`);
}

/** What is typed to start the main.js of a folder. */
const commands: Readonly<Record<string, string>> = { bench: 'npm run bench --', experiments: 'npm run experiment --' };

/** What was typed; the parts of a measurement run in processes of their own. */
function commandOf([, script = '', name = '', ...rest]: readonly string[]): string {
  const typed = basename(script) === 'main.js' ? commands[basename(dirname(script))] : undefined;
  const flags = rest.filter((flag) => flag !== '--json' && flag !== '--save');
  const words =
    typed === undefined ? ['node', script.replace(/^.*\/build\//, 'build/'), name, ...rest] : [typed, name, ...flags];
  return words.join(' ').trim();
}
