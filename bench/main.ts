/**
 * Runs one benchmark, `node dist/bench/main.js NAME [--json] [flags of the benchmark]`, and prints what it measured as
 * one JSON line (or as a small table without --json). With --save the line is also appended to bench/results/NAME.jsonl,
 * which a checkout that is no commit is refused at the start.
 * A benchmark is a file beside this one that exports `run`.
 */

import { readdirSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { AppError } from '../src/core/errors.js';
import { appendResult, checkFacts, facts } from './shared/append-result.js';

interface Benchmark {
  run(args: string[]): Promise<Record<string, unknown>>;
}

const here = new URL('.', import.meta.url);
/** Files beside this one that are no benchmarks. */
const parts = ['main', 'append-result', 'commit', 'statistics', 'uct-gtp'];

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
  if (save) checkFacts();
  const benchmark = (await import(new URL(`./${name}.js`, here).href)) as Benchmark;
  const measured = await benchmark.run(flags);
  const result: Record<string, unknown> = { name, ...measured, ...facts() };
  if (save) appendResult(`bench/results/${name}.jsonl`, { name, ...measured });
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const [key, value] of Object.entries(result)) process.stdout.write(`${key.padEnd(28)} ${String(value)}\n`);
}

try {
  await main();
} catch (thrown) {
  process.stderr.write(`${AppError.from(thrown).message}\n`);
  process.exitCode = 1;
}
