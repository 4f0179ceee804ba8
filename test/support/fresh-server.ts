/** The set-up of test files whose every test has a server and workers of its own. */

import { afterEach, beforeEach } from 'vitest';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from './start-server.js';
import { WorkerProcess } from './worker-process.js';

/** What the test that runs has. */
export interface FreshServer {
  /** A new folder. */
  readonly dataDir: string;
  /** The one that was started last. */
  readonly server: ServerProcess | undefined;
  /** Starts a server over the folder; again after the one before has ended. */
  start(flags?: readonly string[]): Promise<ServerProcess>;
}

/** To be called once in a test file; servers, workers and the folder end with each test. @param always flags of every server */
export function freshServer(...always: string[]): FreshServer {
  let dataDir = '';
  let server: ServerProcess | undefined;
  beforeEach(() => {
    dataDir = makeDataDir();
  });
  afterEach(async () => {
    WorkerProcess.killAll();
    await server?.kill();
    server = undefined;
    removeDataDir(dataDir);
  });
  return {
    get dataDir() {
      return dataDir;
    },
    get server() {
      return server;
    },
    async start(flags = []) {
      server = await startServerProcess(dataDir, [...always, ...flags]);
      return server;
    },
  };
}
