#!/usr/bin/env node
/** The GTP bridge as a program of its own, bundled into one file that needs nothing but Node. */

import { parseArgs } from 'node:util';
import { describeAllowed, flagName, readConfig } from '../../src/core/config.js';
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
  const connection = Object.entries(connectionFlags).map(([name, doc]): [string, string] => [name, doc]);
  const settings = Object.entries(bridgeSchema).map(([key, field]): [string, string] => {
    const range = field.type === 'flag' ? '' : `; ${describeAllowed(field)} [${String(field.default)}]`;
    return [flagName(key), field.doc + range];
  });
  const lines = [...connection, ...settings].map(([name, doc]) => `  --${name.padEnd(16)} ${doc}`);
  const heading = [
    'tengen-gtp [HOST:PORT] [flags]',
    '',
    '  Plays Go through GTP with the network of a Tengen server.',
    '',
  ];
  return [...heading, ...lines, ''].join('\n');
}

/** Undefined if help was asked for. */
function readOptions(words: string[]): Omit<RunGtpOptions, 'input' | 'output' | 'signal'> | undefined {
  const settings = Object.entries(bridgeSchema);
  const texts = Object.keys(connectionFlags).map((name) => [name, { type: 'string' }] as const);
  const others = settings.map(
    ([key, field]) => [flagName(key), { type: field.type === 'flag' ? 'boolean' : 'string' }] as const,
  );
  const { values, positionals } = parseArgs({
    args: words,
    options: {
      ...Object.fromEntries([...texts, ...others]),
      help: { type: 'boolean', short: 'h' },
      tls: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help) return undefined;
  const given = values as Record<string, string | undefined>;
  const { ca } = given;
  return {
    address: positionals[0] ?? given['address'] ?? process.env['TENGEN_ADDRESS'] ?? '127.0.0.1:5050',
    token: given['token'] ?? process.env['TENGEN_TOKEN'] ?? '',
    model: given['model'] ?? '',
    tls: values.tls === true,
    ...(ca ? { ca } : {}),
    ...readConfig(bridgeSchema, Object.fromEntries(settings.map(([key]) => [key, given[flagName(key)]]))),
  };
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
