/** A server at work for the benchmark of limits: its connection, its files, and how long its main thread was blocked. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '../../src/core/signals.js';
import { Connection } from '../../clients/shared/connection.js';
import { startServer, Tengen } from '../processes/tengen.js';
import type { World } from './limit-call.js';
import { fillStore } from './stored-calls.js';

/** Starts a server with a data folder below `folder`. */
export async function openWorld(folder: string): Promise<World> {
  const delays = join(folder, 'delays');
  const log = join(folder, 'server.log');
  const dataDir = join(folder, 'data');
  await fillStore(dataDir);
  writeFileSync(delays, '');
  const { server, address } = await startServer(dataDir, ['--threads', '1'], {
    log,
    preload: new URL('./watch-delay.js', import.meta.url),
    env: { DELAYS: delays },
  });
  const connection = new Connection({ address });
  const read = (): string[] => readFileSync(delays, 'utf8').split('\n').slice(0, -1);
  return {
    connection,
    file(name, bytes) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return path;
    },
    async tengen(...args) {
      const command = new Tengen([...args, '--address', address], { log });
      await command.ended();
    },
    async blockedMs() {
      const before = read().length;
      process.kill(server.pid, 'SIGUSR2');
      let lines = read();
      while (lines.length === before) {
        await delay(10);
        lines = read();
      }
      return Number(lines.at(-1));
    },
    async close() {
      connection.close();
      await server.end('SIGTERM');
    },
  };
}
