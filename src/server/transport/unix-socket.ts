/** Listening on a Unix socket: a file that only its owner may connect to. */

import { chmod, lstat, unlink } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from 'nice-grpc';
import { AppError } from '../../core/errors.js';

/**
 * @param host `unix:PATH`
 * @returns where clients connect to: `host`
 * @throws AppError 'unavailable' if the socket is in use or cannot be made
 */
export async function listenOnSocket(server: Server, host: string, credentials: ServerCredentials): Promise<string> {
  const path = host.replace(/^unix:(\/\/)?/, '');
  const umask = process.umask(0o077);
  try {
    await removeAbandoned(path);
    await server.listen(host, credentials);
    await chmod(path, 0o600);
    return host;
  } catch (error) {
    throw new AppError('unavailable', `Cannot listen on ${host}: ${AppError.from(error).message}`, { cause: error });
  } finally {
    process.umask(umask);
  }
}

/** A server that was killed leaves its socket behind; one on which nobody listens is removed. */
async function removeAbandoned(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await unlink(path);
    return;
  } finally {
    socket.destroy();
  }
  throw new AppError('unavailable', 'another server listens there');
}
