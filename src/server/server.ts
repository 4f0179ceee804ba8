/** Starts and stops a server: binds, serves, drains. */

import { join } from 'node:path';
import { ServerCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { createServer, type Server } from 'nice-grpc';
import type { Logger } from 'pino';
import { AppError } from '../core/errors.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import { uncopied } from './transport/answers.js';
import { checkDeclared } from './access/call-levels.js';
import type { Callers } from './access/callers.js';
import { compose, type Composition } from './compose.js';
import type { CheckedConfig, ServerConfig } from './config.js';
import { decodable, refuseUndecoded } from './transport/decoding.js';
import { widenWindow } from './transport/distance.js';
import { dropLateAnswers } from './transport/ended-calls.js';
import { addHealth, type Health } from './transport/health.js';
import { makeLogger } from './logger.js';
import { authenticate, endWithServer, translateErrors } from './transport/middleware.js';
import { packageRoot } from './package-root.js';
import { servePage, type PageServer } from './page/page-server.js';
import { readTls, type TlsFiles } from './transport/read-tls.js';
import { addReflection } from './transport/reflection.js';
import { openTokenFiles } from './access/secrets.js';
import { Stopping } from './transport/stopping.js';
import { listenOnSocket } from './transport/unix-socket.js';

/** Between the last word to a peer and the end of its connection. */
const FAREWELL_MS = 500;

export interface RunningServer {
  /** host:port, with the port that was bound. */
  readonly address: string;
  /** Where the page is; undefined if there is none. */
  readonly page: string | undefined;
  /** Stops taking calls, lets those under way end in the time set by `drainSeconds`, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts a server; it serves when the promise resolves. Signals of the process are the caller's business.
 *
 * @param checked as `loadServerConfig` makes it
 * @param engine that computes everything; the one of the settings if not given
 * @throws AppError if a file of the settings, the address or the data directory cannot be used
 */
export async function startServer(checked: CheckedConfig, engine?: EngineSettings): Promise<RunningServer> {
  const { config, callers } = checked;
  const tls = readTls(config);
  const logger = makeLogger(config.logLevel);
  logger.info({ config: { ...config, token: secret(config.token), tokens: secret(config.tokens) } }, 'config');
  const stopping = new Stopping();
  for (const file of openTokenFiles(config)) logger.warn({ file }, 'token-file-readable-by-others');
  const composition = await compose({ ...checked, logger, engine });
  const server = makeServer(config, callers, logger, stopping);
  try {
    const health = addServices(server, composition);
    const address = await listen(server, config, tls);
    const page = hasPage(config)
      ? await openPage(config, { port: portOf(address), tls, logger, composition, callers, stopping })
      : undefined;
    logger.info({ address, page: page?.url }, 'serving');
    void composition.resumeJobs().catch((error: unknown) => logger.error({ err: error }, 'jobs-not-resumed'));
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      logger.info('stopping');
      health.stopServing();
      stopping.drain();
      await drain({ server, page, composition, stopping }, config.drainSeconds * 1000, logger);
      await composition.close();
      logger.info('stopped');
    };
    return { address, page: page?.url, close: () => (closing ??= close()) };
  } catch (error) {
    server.forceShutdown();
    await composition.close();
    throw error;
  }
}

function secret(text: string): string {
  return text === '' ? '' : '(set)';
}

function makeServer(config: ServerConfig, callers: Callers, logger: Logger, stopping: Stopping): Server {
  const options = {
    interceptors: [widenWindow, dropLateAnswers],
    'grpc.max_receive_message_length': config.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
  };
  // The type of nice-grpc's options has no interceptors, which are handed on with the others.
  return createServer(options as ChannelOptions)
    .use(translateErrors(logger))
    .use(authenticate(callers))
    .use(endWithServer(stopping))
    .use(refuseUndecoded(logger));
}

/** @throws AppError 'internal' if a call declares no level of access */
function addServices(server: Server, { services }: Composition): Health {
  const names: string[] = [];
  for (const { definition, implementation } of services) {
    checkDeclared(definition);
    server.add(decodable(uncopied(definition)), implementation);
    if (typeof definition.fullName === 'string') names.push(definition.fullName);
  }
  const health = addHealth(server, names);
  addReflection(server);
  return health;
}

type Tls = TlsFiles | undefined;

async function listen(server: Server, config: ServerConfig, tls: Tls): Promise<string> {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const credentials = tls
    ? ServerCredentials.createSsl(
        tls.clientCa ?? null,
        [{ cert_chain: tls.cert, private_key: tls.key }],
        tls.clientCa !== undefined,
      )
    : ServerCredentials.createInsecure();
  if (isSocket(config)) return await listenOnSocket(server, config.host, credentials);
  try {
    return `${host}:${await server.listen(`${host}:${config.port}`, credentials)}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('unavailable', `Cannot listen on ${host}:${config.port}: ${why}`, { cause: error });
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

interface PageParts {
  /** That the gRPC server is bound to. */
  readonly port: number;
  readonly tls: Tls;
  readonly logger: Logger;
  readonly composition: Composition;
  readonly callers: Callers;
  readonly stopping: Stopping;
}

/** A socket is for the user of the server alone; a page beside it is served only on a port that was asked for. */
function hasPage(config: ServerConfig): boolean {
  return config.page && (!isSocket(config) || config.pagePort > 0);
}

function isSocket({ host }: ServerConfig): boolean {
  return host.startsWith('unix:');
}

function openPage(config: ServerConfig, parts: PageParts): Promise<PageServer> {
  const { port, tls, logger, composition, callers, stopping } = parts;
  const { maxMessageBytes } = config;
  // A server on a port that was picked for it has its page on such a one, too.
  const pagePort = config.pagePort || (config.port === 0 ? 0 : (port % 65_535) + 1);
  const folder = join(packageRoot(), 'dist', 'page');
  return servePage({
    host: isSocket(config) ? '127.0.0.1' : config.host,
    port: pagePort,
    callers,
    tls,
    maxMessageBytes,
    folder,
    services: composition.services,
    logger,
    stopping,
  });
}

interface Draining {
  readonly server: Server;
  readonly page: PageServer | undefined;
  readonly composition: Composition;
  readonly stopping: Stopping;
}

/** Waits for calls to end; those that do not in time are cut off. */
async function drain({ server, page, composition, stopping }: Draining, ms: number, logger: Logger): Promise<void> {
  const cutOff = (): void => {
    server.forceShutdown();
    page?.cutOff();
    stopping.abandon();
  };
  let timer = setTimeout(() => {
    logger.warn('calls-cut-off');
    stopping.cutOff();
    // Time for peers to hear why; one that reads nothing never will.
    timer = setTimeout(cutOff, FAREWELL_MS);
  }, ms);
  try {
    const shutdown = stopping.idle().then(() => server.shutdown());
    await Promise.all([shutdown, page?.close(), composition.stopJobs()]);
  } finally {
    clearTimeout(timer);
  }
}
