/** Starts the built server as a process of its own, on a free port and with a data directory of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection, type ConnectionOptions } from '../../clients/shared/connection.js';

const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));

/** A server process of a test. */
export interface ServerProcess {
  readonly address: string;
  /** Where its page is; undefined with --no-page. */
  readonly page: string | undefined;
  readonly child: ChildProcess;
  readonly dataDir: string;
  /** What it wrote to stderr so far. */
  readonly log: () => string;
  readonly connect: (options?: Omit<ConnectionOptions, 'address'>) => Connection;
  /** SIGTERM; resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
}

/** A new folder under the system's temporary one; the caller removes it. */
export function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'tengen-e2e-'));
}

/** Removes a data directory. */
export function removeDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true });
}

/** Runs the server until it says where it listens. @throws Error with its stderr if it ends before */
export async function startServerProcess(dataDir: string, flags: readonly string[] = []): Promise<ServerProcess> {
  const { child, stderr } = spawnServer(dataDir, flags);
  const { address, page } = await new Promise<{ address: string; page?: string }>((resolve, reject) => {
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(JSON.parse(stdout) as { address: string; page?: string });
    });
    child.once('close', () => reject(new Error(`The server ended at its start:\n${stderr()}`)));
  });
  const connections: Connection[] = [];
  const gone = once(child, 'close');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    for (const connection of connections.splice(0)) connection.close();
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  };
  return {
    address,
    page,
    child,
    dataDir,
    log: stderr,
    connect(options = {}) {
      const connection = new Connection({ address, ...options });
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      await end('SIGTERM');
      return child.exitCode;
    },
    kill: () => end('SIGKILL'),
  };
}

/** Runs a server that is expected to refuse its settings; resolves with what it said. */
export async function startRefused(
  dataDir: string,
  flags: readonly string[],
): Promise<{ code: number | null; stderr: string }> {
  const { child, stderr } = spawnServer(dataDir, flags);
  child.stdout?.once('data', () => child.kill('SIGKILL'));
  await once(child, 'close');
  return { code: child.exitCode, stderr: stderr() };
}

function spawnServer(dataDir: string, flags: readonly string[]): { child: ChildProcess; stderr: () => string } {
  if (!existsSync(script)) throw new Error(`${script} is missing; run npm run build first`);
  const child = spawn(
    process.execPath,
    [script, 'serve', '--port', '0', '--data-dir', dataDir, '--json', '--threads', '1', ...flags],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    },
  );
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { child, stderr: () => text };
}
