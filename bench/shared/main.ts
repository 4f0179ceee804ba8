/**
 * The command line of benchmarks and of experiments: `NAME [--json] [--save] [flags of the measurement]`. Prints what was
 * measured as one JSON line (or as a small table without --json). With --save the line is also appended to the results, which
 * a checkout that is no commit is refused at the start.
 */

import { setMaxListeners } from 'node:events';
import { AppError } from '../../src/core/errors.js';
import { appendResult, checkFacts, facts } from './append-result.js';

/** What there is to measure. */
export interface Measurements {
  /** `bench` or `experiment`, as in `npm run bench`. */
  readonly command: string;
  readonly names: readonly string[];
  /** The module that exports `run` of a name. */
  moduleOf(name: string): URL;
  /** The file that --save appends to. */
  resultsOf(name: string): string;
}

interface Measurement {
  run(args: string[]): Promise<Record<string, unknown>>;
}

/** Runs the measurement that the process was started for. */
export async function main(measurements: Measurements): Promise<void> {
  // One signal stops hundreds of games, each with a listener of its own.
  setMaxListeners(0);
  try {
    await measure(measurements, process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(`${AppError.from(thrown).message}\n`);
    process.exitCode = 1;
  }
}

async function measure({ command, names, ...of }: Measurements, args: readonly string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || !names.includes(name)) {
    process.stderr.write(`Usage: npm run ${command} -- NAME [--json] [--save] [flags]\nNames: ${names.join(', ')}\n`);
    process.exitCode = name === undefined || name === '--help' ? 0 : 2;
    return;
  }
  const [json, save] = [rest.includes('--json'), rest.includes('--save')];
  const flags = rest.filter((arg) => arg !== '--json' && arg !== '--save');
  if (save) checkFacts();
  const measurement = (await import(of.moduleOf(name).href)) as Measurement;
  const measured = await measurement.run(flags);
  const result: Record<string, unknown> = { name, ...measured, ...facts() };
  if (save) appendResult(of.resultsOf(name), { name, ...measured });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const [key, value] of Object.entries(result)) process.stdout.write(`${key.padEnd(28)} ${String(value)}\n`);
}
