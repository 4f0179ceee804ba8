/** The server that is fuzzed, as a process of its own with folders of its own. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/core/errors.js';
import { freePort } from './system.js';
import { goFile } from './valid-files.js';

/** The script that a user would type as `tengen`. */
export const tengenScript = fileURLToPath(new URL('../../clients/cli/main.js', import.meta.url));

/** Names below the folder of imports: a model, a pipe, a folder, a way out, and nothing. */
export const importNames = ['go.safetensors', 'pipe', '.', 'out', 'none'];

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly importDir: string;
  /** host:port of gRPC, of the page, and of the metrics. */
  readonly address: string;
  readonly page: string;
  readonly metrics: string;
  /** The end of what it wrote to stderr. */
  readonly log: () => string;
  /** SIGTERM, and SIGKILL after `ms`; removes the folders. */
  stop(ms: number): Promise<void>;
}

/** @throws AppError with its log if it does not start */
export async function startServerProcess(): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tengen-fuzz-'));
  const [dataDir, importDir] = [join(folder, 'data'), join(folder, 'import')];
  await mkdir(importDir);
  await writeFile(join(importDir, 'go.safetensors'), goFile());
  await symlink('/proc/self/environ', join(importDir, 'out'));
  execFileSync('mkfifo', [join(importDir, 'pipe')]);
  const metricsPort = await freePort();
  const settings = {
    port: 0,
    'data-dir': dataDir,
    'import-dir': importDir,
    'metrics-port': metricsPort,
    threads: 1,
    'max-model-megabytes': 64,
    'max-dataset-megabytes': 64,
    'log-level': 'error',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [tengenScript, 'serve', '--json', '--allow-commands', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-100_000)));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = once(child, 'close');
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    gone.then(() => [undefined]),
  ])) as [string | undefined];
  if (line === undefined) throw new AppError('internal', `The server did not start:\n${log}`);
  const { address, page } = JSON.parse(line) as { address: string; page: string };
  return {
    child,
    dataDir,
    importDir,
    address,
    page: new URL(page).host,
    metrics: `127.0.0.1:${metricsPort}`,
    log: () => log,
    async stop(ms) {
      process.off('exit', kill);
      child.kill('SIGTERM');
      const late = setTimeout(kill, ms);
      if (child.exitCode === null && child.signalCode === null) await gone;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
