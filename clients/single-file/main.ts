#!/usr/bin/env node
/** The GTP bridge and the analysis engine as one program, bundled into a file that needs nothing but Node. */

import { parseArgs } from 'node:util';
import { describeAllowed, describeDefault, flagName, readConfig, type Schema } from '../../src/core/config.js';
import { AppError } from '../../src/core/errors.js';
import { analysisSchema } from '../analysis/config.js';
import { runAnalysis } from '../analysis/run.js';
import { bridgeSchema } from '../gtp-bridge/config.js';
import { runGtp, type RunGtpOptions } from '../gtp-bridge/run.js';

interface Program {
  readonly summary: string;
  readonly schema: Schema;
  readonly run: (options: RunGtpOptions) => Promise<void>;
}

/** By the word that selects them; without one it is GTP, as Go programs start engines that way. */
const programs = {
  gtp: { summary: 'Plays Go through GTP', schema: bridgeSchema, run: runGtp },
  analysis: { summary: "Answers KataGo's analysis queries", schema: analysisSchema, run: runAnalysis },
} as const satisfies Record<string, Program>;

const connectionFlags = {
  address: 'HOST:PORT of the server (also TENGEN_ADDRESS) [127.0.0.1:5050]',
  token: 'token with which the client identifies itself to the server (also TENGEN_TOKEN)',
  'token-file': 'file that holds the token, in place of --token (also TENGEN_TOKEN_FILE)',
  model: 'model that plays, NAME or NAME@VERSION; without --model, the promoted version',
  ca: 'PEM file with certificates of authorities to trust; turns TLS on',
  'tls-cert': 'PEM file with the certificate of this client, for a server that requires one',
  'tls-key': 'PEM file with the private key of --tls-cert',
};

function help(name: string, { summary, schema }: Program): string {
  const settings = Object.entries(schema).map(([key, field]): [string, string] => {
    const range = field.type === 'flag' ? '' : `; ${describeAllowed(field)} [${describeDefault(field)}]`;
    return [flagName(key), field.doc.replace(/\.$/, '') + range];
  });
  const rows = [...Object.entries(connectionFlags), ...settings];
  const lines = rows.map(([flag, doc]) => `  --${flag.padEnd(20)} ${doc}`);
  const usage = `tengen-gtp ${name === 'gtp' ? '' : `${name} `}[HOST:PORT] [flags]`;
  const other =
    name === 'gtp' ? ['  tengen-gtp analysis --help explains the analysis engine, for KaTrain and scripts.', ''] : [];
  return [usage, '', `  ${summary} with the network of a Tengen server.`, ...other, '', ...lines, ''].join('\n');
}

/** Undefined if help was asked for. */
function readOptions(words: string[], schema: Schema): Omit<RunGtpOptions, 'input' | 'output' | 'signal'> | undefined {
  const settings = Object.entries(schema);
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
  return {
    address: positionals[0] ?? given['address'] ?? process.env['TENGEN_ADDRESS'] ?? '127.0.0.1:5050',
    token: given['token'] ?? process.env['TENGEN_TOKEN'] ?? '',
    model: given['model'] ?? '',
    tls: values.tls === true,
    'token-file': given['token-file'] ?? process.env['TENGEN_TOKEN_FILE'],
    ca: given['ca'],
    'tls-cert': given['tls-cert'],
    'tls-key': given['tls-key'],
    ...readConfig(schema, Object.fromEntries(settings.map(([key]) => [key, given[flagName(key)]]))),
  };
}

async function main(words: string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  const named = words[0] === 'gtp' || words[0] === 'analysis' ? words[0] : undefined;
  const name = named ?? 'gtp';
  const program: Program = programs[name];
  try {
    const options = readOptions(named ? words.slice(1) : words, program.schema);
    if (!options) {
      process.stdout.write(help(name, program));
      return 0;
    }
    const streams = { input: process.stdin, output: process.stdout };
    await program.run({ ...options, ...streams, signal: interrupted.signal });
    return 0;
  } catch (error) {
    process.stderr.write(`tengen-gtp: ${AppError.from(error).message}\n`);
    return 2;
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
