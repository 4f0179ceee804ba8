/** The server's settings: one name in flags, environment, file and code, in this order of precedence. */

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { choice, flag, integer, number, readConfig, text, type ConfigOf, type Schema } from '../core/config.js';
import { AppError, check } from '../core/errors.js';
import { evaluatorSchema } from '../evaluator/config.js';
import { generatorSchema } from '../generator/config.js';
import type { Callers } from './access/callers.js';
import { readQuotas, type Quota } from './access/quotas.js';
import { readCallers } from './access/secrets.js';
import { searchSchema } from './search/config.js';

/** In bytes, as settings count. */
export const MEGABYTE = 1024 * 1024;
/** Fewest characters of a token that other machines can try. */
const MIN_TOKEN = 16;

export const serverSchema = {
  host: text(
    '127.0.0.1',
    'Address on which the server listens; unix:/PATH is a Unix socket, which only programs on this machine reach.',
  ),
  port: integer(5050, 0, 65_535, 'TCP port on which the server listens; 0 takes a free port.'),
  dataDir: text('data', 'Folder in which the server keeps models, games and jobs.'),
  token: text(
    '',
    'Token of level admin. If none of token, tokenFile, tokens and tokensFile is set, every caller is an admin.',
  ),
  tokenFile: text(
    '',
    'File that holds the token of level admin; a token in a file, unlike the value of --token, does not appear in the list of processes.',
  ),
  tokens: text(
    '',
    'More tokens, NAME:LEVEL=TOKEN, separated by commas. LEVEL is play, work, train or admin; NAME is the name of the client, for example in quotas.',
  ),
  tokensFile: text('', 'File with entries NAME:LEVEL=TOKEN, one on each line; lines that begin with # are ignored.'),
  quotas: text(
    '',
    'Limits of single clients, NAME=IN_FLIGHT/PER_SECOND, separated by commas: positions that wait or are being evaluated, and positions per second; 0 means no limit. NAME is the name of a token, an address, or * for each client that has no entry of its own.',
  ),
  tlsCert: text('', 'PEM file with the certificate chain of the server; tlsCert and tlsKey together turn TLS on.'),
  tlsKey: text('', 'PEM file with the private key of tlsCert.'),
  tlsClientCa: text(
    '',
    'PEM file with certificates of authorities; only clients whose certificate is signed by one of these authorities may connect.',
  ),
  insecure: flag(false, 'Allow a host that other machines can reach even without a token or without TLS.'),
  allowCommands: flag(false, 'Let jobs run programs on this machine: the verifierCommand of an rft job.'),
  maxMessageBytes: integer(
    8 * 1024 * 1024,
    65_536,
    1 << 30,
    'Largest message that the server accepts from a client, in bytes.',
  ),
  maxModelMegabytes: integer(1024, 1, 65_536, 'Largest model file that the server accepts from a client, in MiB.'),
  maxDatasetMegabytes: integer(1024, 1, 65_536, 'Largest data set file that the server accepts from a client, in MiB.'),
  importDir: text(
    '',
    'Folder below which callers of level admin may import model files by path; if importDir is empty, nobody may.',
  ),
  maxUploadsMegabytes: integer(2048, 1, 1_048_576, 'Largest total size of all uploads in progress, in MiB.'),
  uploadStallSeconds: number(30, 0.05, 3600, 'Seconds without new data after which the server abandons an upload.'),
  leaseSeconds: number(
    60,
    0.05,
    86_400,
    'Seconds of silence of a worker after which the server gives the games of the worker to others.',
  ),
  drainSeconds: number(5, 0, 3600, 'Seconds that calls in progress have to finish once the server is told to stop.'),
  metricsPort: integer(
    0,
    0,
    65_535,
    'Port on 127.0.0.1 that serves metrics for Prometheus at /metrics; 0 serves no metrics.',
  ),
  page: flag(true, 'Serve a web page to browsers.'),
  pagePort: integer(0, 0, 65_535, 'Port of the web page; 0 takes port + 1, or a free port if port is 0.'),
  logLevel: choice(
    'info',
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'Lowest level of the log lines that the server writes.',
  ),
  ...evaluatorSchema,
  ...searchSchema,
  ...generatorSchema,
} as const satisfies Schema;

/** The server's settings, checked. */
export type ServerConfig = ConfigOf<typeof serverSchema>;

/** Settings that go together, and what the lists among them say: read once, when the settings are. */
export interface CheckedConfig {
  readonly config: ServerConfig;
  readonly callers: Callers;
  /** By the names of clients, see `readQuotas`. */
  readonly clientQuotas: ReadonlyMap<string, Quota>;
}

/** Where settings come from; the first that names a setting wins. */
export interface ConfigSources {
  /** By name in camelCase, as text or typed. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** TENGEN_DATA_DIR and so on; other variables are passed over. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A JSON file with settings by name. */
  readonly file?: string | undefined;
}

/** `dataDir` → `TENGEN_DATA_DIR`. */
export function environmentName(key: string): string {
  return `TENGEN_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads the settings and checks that they go together.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function loadServerConfig(sources: ConfigSources): CheckedConfig {
  const { flags = {}, env = {}, file } = sources;
  const fromEnvironment: Record<string, string> = {};
  for (const key of Object.keys(serverSchema)) {
    const value = env[environmentName(key)];
    if (value !== undefined) fromEnvironment[key] = value;
  }
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const config = readConfig(serverSchema, { ...(file ? readFile(file) : {}), ...fromEnvironment, ...given });
  const callers = readCallers(config);
  const clientQuotas = readQuotas(config.quotas);
  checkServerConfig(config, callers);
  return { config, callers, clientQuotas };
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return (
    host.startsWith('unix:') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  );
}

/** @throws AppError 'invalid-argument' if the settings open the server further than was asked for */
function checkServerConfig(config: ServerConfig, callers: Callers): void {
  const { host, tlsCert, tlsKey, tlsClientCa, insecure } = config;
  check((tlsCert === '') === (tlsKey === ''), "Settings 'tlsCert' and 'tlsKey' go together; only one of them is set");
  checkUploadLimits(config);
  check(tlsClientCa === '' || tlsCert !== '', "Setting 'tlsClientCa' needs 'tlsCert' and 'tlsKey', too");
  if (isLoopback(host)) return;
  check(
    callers.shortest >= MIN_TOKEN,
    () =>
      `Setting 'host' is '${host}', which other machines can reach; a token has at least ${MIN_TOKEN} characters ` +
      `there, and the shortest one has ${callers.shortest}`,
  );
  if (insecure) return;
  const missing = [...(callers.needToken ? [] : ['a token']), ...(tlsCert === '' ? ['tlsCert and tlsKey'] : [])];
  check(
    missing.length === 0,
    () =>
      `Setting 'host' is '${host}', which other machines can reach; that needs ${missing.join(' and ')}, ` +
      `or 'insecure' if the network is trusted`,
  );
}

function checkUploadLimits({ maxModelMegabytes, maxDatasetMegabytes, maxUploadsMegabytes }: ServerConfig): void {
  for (const [name, value] of Object.entries({ maxModelMegabytes, maxDatasetMegabytes })) {
    check(
      value <= maxUploadsMegabytes,
      () => `Setting 'maxUploadsMegabytes' is ${maxUploadsMegabytes}; it must be at least '${name}', which is ${value}`,
    );
  }
}

function readFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // What is wrong in the file would be said with a part of it, which may be a token.
    const why = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw new AppError('invalid-argument', `The settings file '${path}' cannot be read: ${why}`, { cause: error });
  }
  check(
    typeof value === 'object' && value !== null && !Array.isArray(value),
    `The settings file '${path}' must hold one JSON object`,
  );
  return value as Record<string, unknown>;
}
