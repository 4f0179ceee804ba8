/**
 * Runs one benchmark, `node dist/bench/main.js NAME [--json] [flags of the benchmark]`, and prints what it measured as
 * one JSON line (or as a small table without --json). With --save the line is also appended to bench/results/NAME.jsonl.
 * A benchmark is a file beside this one that exports `run`.
 */

import { appendFileSync, readdirSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { cpus } from 'node:os';
import { AppError } from '../src/core/errors.js';
import { commit } from './commit.js';

interface Benchmark {
  run(args: string[]): Promise<Record<string, unknown>>;
}

const here = new URL('.', import.meta.url);
/** Files beside this one that are no benchmarks. */
const parts = ['main', 'commit', 'statistics', 'uct-gtp'];

function names(): string[] {
  const files = readdirSync(here).filter((file) => file.endsWith('.js'));
  return files.map((file) => file.slice(0, -'.js'.length)).filter((name) => !parts.includes(name));
}

// One signal stops hundreds of games, each with a listener of its own.
setMaxListeners(0);

async function main(): Promise<void> {
  const [name, ...rest] = process.argv.slice(2);
  const known = names();
  if (name === undefined || !known.includes(name)) {
    process.stderr.write(`Usage: npm run bench -- NAME [--json] [flags]\nBenchmarks: ${known.join(', ')}\n`);
    process.exitCode = name === undefined || name === '--help' ? 0 : 2;
    return;
  }
  const [json, save] = [rest.includes('--json'), rest.includes('--save')];
  const flags = rest.filter((arg) => arg !== '--json' && arg !== '--save');
  const benchmark = (await import(new URL(`./${name}.js`, here).href)) as Benchmark;
  const measured = await benchmark.run(flags);
  const result: Record<string, unknown> = {
    name,
    ...measured,
    command: ['npm run bench --', name, ...flags].join(' '),
    commit: commit(),
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    date: new Date().toISOString(),
  };
  if (save) appendFileSync(`bench/results/${name}.jsonl`, `${JSON.stringify(result)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const [key, value] of Object.entries(result)) process.stdout.write(`${key.padEnd(28)} ${String(value)}\n`);
}

try {
  await main();
} catch (thrown) {
  process.stderr.write(`${AppError.from(thrown).message}\n`);
  process.exitCode = 1;
}
