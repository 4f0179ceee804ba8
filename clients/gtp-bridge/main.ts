#!/usr/bin/env node
/** The GTP bridge as a program of its own, bundled into one file that needs nothing but Node. */

import { parseArgs } from 'node:util';
import { describeAllowed } from '../../src/core/config.js';
import { AppError } from '../../src/core/errors.js';
import { bridgeSchema } from './config.js';
import { runGtp, type RunGtpOptions } from './run.js';

const connectionFlags = {
  address: 'HOST:PORT of the server (also TENGEN_ADDRESS) [127.0.0.1:5050]',
  token: 'token that the server asks for (also TENGEN_TOKEN)',
  model: 'name or name@version; the promoted model if left out',
  ca: 'trust the certificates in this PEM file, and use TLS',
};

function help(): string {
  const rows = Object.entries(connectionFlags).map(([name, doc]) => [name, doc] as const);
  const settings = Object.entries(bridgeSchema).map(
    ([key, field]) => [kebab(key), `${field.doc}; ${describeAllowed(field)} [${String(field.default)}]`] as const,
  );
  const lines = [...rows, ...settings].map(([name, doc]) => `  --${name.padEnd(16)} ${doc}`);
  return [
    'tengen-gtp [HOST:PORT] [flags]',
    '',
    '  Plays Go through GTP with the network of a Tengen server.',
    '',
    ...lines,
    '',
  ].join('\n');
}

function readOptions(words: string[]): Omit<RunGtpOptions, 'input' | 'output' | 'signal'> | undefined {
  const names = [...Object.keys(connectionFlags), ...Object.keys(bridgeSchema).map(kebab)];
  const flags = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
  const { values, positionals } = parseArgs({
    args: words,
    options: { ...flags, help: { type: 'boolean', short: 'h' }, tls: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values['help'] === true) return undefined;
  const given = values as Record<string, string | undefined>;
  const settings = Object.fromEntries(
    Object.keys(bridgeSchema).flatMap((key) => (given[kebab(key)] === undefined ? [] : [[key, given[kebab(key)]]])),
  );
  return {
    address: positionals[0] ?? given['address'] ?? process.env['TENGEN_ADDRESS'] ?? '127.0.0.1:5050',
    token: given['token'] ?? process.env['TENGEN_TOKEN'] ?? '',
    model: given['model'] ?? '',
    tls: values['tls'] === true,
    ...(given['ca'] ? { ca: given['ca'] } : {}),
    // Text is what `readConfig` takes for every type.
    ...(settings as Partial<RunGtpOptions>),
  };
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  try {
    const options = readOptions(process.argv.slice(2));
    if (!options) {
      process.stdout.write(help());
      return 0;
    }
    await runGtp({ ...options, input: process.stdin, output: process.stdout, signal: interrupted.signal });
    return 0;
  } catch (error) {
    process.stderr.write(`tengen-gtp: ${AppError.from(error).message}\n`);
    return 2;
  }
}

void main().then((code) => {
  process.exitCode = code;
});
