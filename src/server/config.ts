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

/** Fewest characters of a token that other machines can try. */
const MIN_TOKEN = 16;

export const serverSchema = {
  host: text('127.0.0.1', 'Address to listen on; unix:/PATH is a socket for programs of this machine.'),
  port: integer(5050, 0, 65_535, 'Port to listen on; 0 takes a free one.'),
  dataDir: text('data', 'Folder that keeps models, games and jobs.'),
  token: text('', 'Token of level admin; without it and without tokens everyone is let in, as an admin.'),
  tokenFile: text('', 'File that holds the token, in place of token, which the list of processes shows.'),
  tokens: text(
    '',
    'More tokens, NAME:LEVEL=TOKEN with commas between; LEVEL is play, work, train or admin, and clients are known by the names.',
  ),
  tokensFile: text('', 'File with entries as in tokens, one a line; lines that begin with # are passed over.'),
  quotas: text(
    '',
    'Positions of a client in flight and a second, NAME=IN_FLIGHT/PER_SECOND with commas between; a name is that of a token, an address, or * for each of the others; 0 is no limit.',
  ),
  tlsCert: text('', 'File with the certificate chain, PEM; with tlsKey it turns TLS on.'),
  tlsKey: text('', 'File with the private key of tlsCert, PEM.'),
  tlsClientCa: text(
    '',
    'File with certificates, PEM: only clients with a certificate signed by one of them may connect.',
  ),
  insecure: flag(false, 'Listen beyond this machine without a token or TLS.'),
  allowCommands: flag(false, 'Let jobs run programs: the verifier command of rft.'),
  maxMessageBytes: integer(8 * 1024 * 1024, 65_536, 1 << 30, 'Largest message taken from a client.'),
  maxModelMegabytes: integer(1024, 1, 65_536, 'Largest model file taken from a client.'),
  maxDatasetMegabytes: integer(1024, 1, 65_536, 'Largest file of samples taken from a client.'),
  importDir: text('', 'Folder below which admins may import models by their paths; without it nobody may.'),
  maxUploadsMegabytes: integer(2048, 1, 1_048_576, 'Most of all files together that clients are sending at one time.'),
  uploadStallSeconds: number(30, 0.05, 3600, 'An upload that brings nothing for so long is given up.'),
  leaseSeconds: number(60, 0.05, 86_400, 'A game whose worker is silent this long is given to another.'),
  drainSeconds: number(5, 0, 3600, 'Time that calls have to end when the server stops.'),
  metricsPort: integer(0, 0, 65_535, 'Port on 127.0.0.1 with figures for Prometheus at /metrics; 0 serves none.'),
  page: flag(true, 'Serve a page to browsers.'),
  pagePort: integer(0, 0, 65_535, 'Port of the page; 0 takes the one after port, or a free one if port is 0.'),
  logLevel: choice('info', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'Least urgent log lines written.'),
  ...evaluatorSchema,
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
