/** The set-up of test files that run the Python clients against one server with the token 'secret'. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from './start-server.js';

/** The folder of the Python clients and their packages. */
export const pythonFolder = join(import.meta.dirname, '../../clients/python');

/** The environment in which Python finds those packages, and leaves no files beside them. */
export const pythonEnvironment = { ...process.env, PYTHONPATH: pythonFolder, PYTHONDONTWRITEBYTECODE: '1' };

/** Runs Python to its end; resolves with what it wrote. */
export async function runPython(python: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(python, args, { encoding: 'utf8', env: pythonEnvironment });
  return stdout.trim();
}

/** To be called once in a test file: its server, which runs from before the first test until after the last. */
export function serverForPython(): { readonly address: string } {
  let dataDir = '';
  let server: ServerProcess;
  beforeAll(async () => {
    dataDir = makeDataDir();
    server = await startServerProcess(dataDir, ['--token', 'secret']);
  });
  afterAll(async () => {
    await server.kill();
    removeDataDir(dataDir);
  });
  return {
    get address() {
      return server.address;
    },
  };
}
