/** Starts and stops a server: binds, serves, drains. */

import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { createServer, type Server } from 'nice-grpc';
import type { Logger } from 'pino';
import { AppError } from '../core/errors.js';
import { compose, type Composition } from './compose.js';
import { checkServerConfig, type ServerConfig } from './config.js';
import { addHealth, type Health } from './health.js';
import { makeLogger } from './logger.js';
import { authenticate, endWithServer, translateErrors } from './middleware.js';
import { addReflection } from './reflection.js';

/** A server that serves. */
export interface RunningServer {
  /** host:port, with the port that was bound. */
  readonly address: string;
  /** Stops taking calls, lets those under way end in the time set by `drainSeconds`, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts a server; it serves when the promise resolves. Signals of the process are the caller's business.
 *
 * @throws AppError if the settings, the address or the data directory cannot be used
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  checkServerConfig(config);
  const credentials = readCredentials(config);
  const logger = makeLogger(config.logLevel);
  logger.info({ config: { ...config, token: config.token === '' ? '' : '(set)' } }, 'config');
  const draining = new AbortController();
  const composition = await compose(config, logger);
  try {
    const { server, health } = build(config, logger, composition, draining.signal);
    const address = await listen(server, config, credentials);
    logger.info({ address }, 'serving');
    void composition.resumeJobs().catch((error: unknown) => logger.error({ err: error }, 'jobs-not-resumed'));
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      logger.info('stopping');
      health.stopServing();
      draining.abort();
      await drain(server, composition, config.drainSeconds * 1000, logger);
      await composition.close();
      logger.info('stopped');
    };
    return { address, close: () => (closing ??= close()) };
  } catch (error) {
    await composition.close();
    throw error;
  }
}

function build(
  config: ServerConfig,
  logger: Logger,
  composition: Composition,
  draining: AbortSignal,
): { server: Server; health: Health } {
  const server = createServer({
    'grpc.max_receive_message_length': config.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
  })
    .use(translateErrors(logger))
    .use(authenticate(config.token))
    .use(endWithServer(draining)) as Server;
  const names: string[] = [];
  for (const { definition, implementation } of composition.services) {
    server.add(definition, implementation);
    if (typeof definition.fullName === 'string') names.push(definition.fullName);
  }
  const health = addHealth(server, names, draining);
  addReflection(server);
  return { server, health };
}

async function listen(server: Server, config: ServerConfig, credentials: ServerCredentials): Promise<string> {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  try {
    return `${host}:${await server.listen(`${host}:${config.port}`, credentials)}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError('unavailable', `Cannot listen on ${host}:${config.port}: ${why}`, { cause: error });
  }
}

function readCredentials({ tlsCert, tlsKey }: ServerConfig): ServerCredentials {
  if (tlsCert === '') return ServerCredentials.createInsecure();
  const read = (setting: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new AppError('invalid-argument', `Setting '${setting}' is '${path}', which cannot be read`, {
        cause: error,
      });
    }
  };
  return ServerCredentials.createSsl(null, [
    { cert_chain: read('tlsCert', tlsCert), private_key: read('tlsKey', tlsKey) },
  ]);
}

/** Waits for calls to end; those that do not in time are cut off. */
async function drain(server: Server, composition: Composition, ms: number, logger: Logger): Promise<void> {
  const tooLate = setTimeout(() => {
    logger.warn('calls-cut-off');
    server.forceShutdown();
  }, ms);
  try {
    await Promise.all([server.shutdown(), composition.stopJobs()]);
  } finally {
    clearTimeout(tooLate);
  }
}
