/** What a subcommand is: its flags as data, so that parsing, `--help` and the refusal of unknown flags come from one place. */

import { parseArgs } from 'node:util';
import { AppError, check } from '../../src/core/errors.js';
import { nearest } from '../../src/core/config.js';
import { quoted } from '../../src/core/quoted.js';

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly doc: string;
  readonly short?: string;
  readonly default?: string | boolean;
  readonly multiple?: boolean;
  /** What stands for the value in the help, such as HOST:PORT. */
  readonly value?: string;
}

/** The flags of a command by name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** Values read for `Flags`: what was given, or the default. */
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { multiple: true }
    ? readonly string[]
    : F[K]['type'] extends 'boolean'
      ? boolean
      : F[K] extends { default: string }
        ? string
        : string | undefined;
};

/** What a command is given to work with. */
export interface CommandContext<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly args: readonly string[];
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Command<F extends Flags = Flags> {
  /** `models list`: words that select it. */
  readonly name: string;
  /** What follows the name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** More help: a few lines with examples. */
  readonly details?: string;
  readonly flags: F;
  /** @returns the process's exit code; nothing means 0 */
  run(context: CommandContext<F>): Promise<number | undefined>;
}

/** Keeps the flag types of one command while it goes into the table of all. */
export function command<const F extends Flags>(definition: Command<F>): Command {
  return definition;
}

/** Flags of every command that talks to a server. */
export const connectionFlags = {
  address: {
    type: 'string',
    short: 'a',
    default: process.env['TENGEN_ADDRESS'] ?? '127.0.0.1:5050',
    value: 'HOST:PORT',
    doc: 'address of the server (TENGEN_ADDRESS)',
  },
  token: {
    type: 'string',
    default: process.env['TENGEN_TOKEN'] ?? '',
    value: 'TOKEN',
    doc: 'token with which the client identifies itself to the server (TENGEN_TOKEN)',
  },
  'token-file': {
    type: 'string',
    default: process.env['TENGEN_TOKEN_FILE'] ?? '',
    value: 'FILE',
    doc: 'file that holds the token; unlike the value of --token, it does not appear in the list of processes (TENGEN_TOKEN_FILE)',
  },
  tls: { type: 'boolean', default: false, doc: 'connect with TLS' },
  ca: { type: 'string', value: 'FILE', doc: 'PEM file with certificates of authorities to trust (implies --tls)' },
  'tls-cert': {
    type: 'string',
    value: 'FILE',
    doc: 'PEM file with the certificate of this client, for a server that requires one',
  },
  'tls-key': { type: 'string', value: 'FILE', doc: 'PEM file with the private key of --tls-cert' },
} as const satisfies Flags;

/** The connection that the flags ask for, without the other flags of a command. */
export function connectionOf(flags: FlagValues<typeof connectionFlags>): FlagValues<typeof connectionFlags> {
  const { address, token, 'token-file': tokenFile, tls, ca, 'tls-cert': cert, 'tls-key': key } = flags;
  return { address, token, 'token-file': tokenFile, tls, ca, 'tls-cert': cert, 'tls-key': key };
}

/** The flag of every command whose output a program might read. */
export const jsonFlag = {
  json: { type: 'boolean', default: false, doc: 'print JSON, one value on each line' },
} as const satisfies Flags;

/**
 * Reads the words after a command's name. A flag without a value may also be given as `--flag true` or `--flag=false`.
 * @throws AppError 'invalid-argument' naming the unknown flag and the nearest known one
 */
export function readFlags(
  flags: Flags,
  given: readonly string[],
): { values: FlagValues<Flags>; args: string[]; help: boolean } {
  const words = withoutTruthValues(flags, given);
  const options: NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, flag] of Object.entries(flags)) {
    options[name] = {
      type: flag.type,
      ...(flag.short ? { short: flag.short } : {}),
      ...(flag.multiple ? { multiple: true } : {}),
    };
  }
  for (const word of words) {
    if (word === '--') break;
    const name = /^--(?:no-)?([^=]+)/.exec(word)?.[1];
    if (name !== undefined && !Object.hasOwn(options, name)) {
      throw new AppError(
        'invalid-argument',
        `Unknown flag --${name}; did you mean --${nearest(name, Object.keys(options))}?`,
      );
    }
  }
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true, allowNegative: true, strict: true });
    const values: Record<string, unknown> = {};
    for (const [name, flag] of Object.entries(flags))
      values[name] = parsed.values[name] ?? flag.default ?? (flag.multiple ? [] : undefined);
    return { values: values as FlagValues<Flags>, args: parsed.positionals, help: parsed.values['help'] === true };
  } catch (error) {
    throw new AppError(
      'invalid-argument',
      error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error),
    );
  }
}

/** `--flag true` and `--flag=true` as `--flag`, `--flag false` as `--no-flag`: what the settings' other sources take. */
function withoutTruthValues(flags: Flags, given: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < given.length; i++) {
    const word = given[i]!;
    if (word === '--') return [...words, ...given.slice(i)];
    const [, name = '', joined] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const value = joined ?? (/^(true|false)$/.test(given[i + 1] ?? '') ? given[i + 1] : undefined);
    if (!Object.hasOwn(flags, name) || flags[name]!.type !== 'boolean' || value === undefined) words.push(word);
    else {
      check(
        value === 'true' || value === 'false',
        () => `--${name} is ${quoted(value)}; it must be true or false, or stand alone`,
      );
      words.push(value === 'true' ? `--${name}` : `--no-${name}`);
      if (joined === undefined) i++;
    }
  }
  return words;
}

/** The help text of one command. */
export function helpFor(subject: Command): string {
  const lines = [`tengen ${subject.name} ${subject.usage}`.trimEnd(), '', `  ${subject.summary}`, ''];
  if (subject.details) lines.push(...subject.details.trim().split('\n'), '');
  const rows = Object.entries(subject.flags).map(([name, flag]): [string, string] => [
    `${flag.short ? `-${flag.short}, ` : '    '}--${name}${flag.type === 'string' ? ` ${flag.value ?? 'VALUE'}` : ''}`,
    flag.doc +
      (flag.default !== undefined && flag.default !== false && flag.default !== '' && name !== 'token'
        ? ` [${String(flag.default)}]`
        : ''),
  ]);
  rows.push(['-h, --help', 'print this help']);
  const width = Math.max(...rows.map(([left]) => left.length));
  lines.push(...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`));
  return lines.join('\n') + '\n';
}
