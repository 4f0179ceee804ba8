import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { createJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));

let dataDir: string;
let server: ServerProcess | undefined;
const workers: WorkerProcess[] = [];

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.child.kill('SIGKILL');
  await server?.kill();
  server = undefined;
  removeDataDir(dataDir);
});

/** `tengen worker` as a process. */
class WorkerProcess {
  readonly child: ChildProcess;
  stderr = '';
  stdout = '';
  readonly #closed: Promise<unknown>;

  constructor(address: string, flags: readonly string[]) {
    const args = [script, 'worker', '--json', '--address', address, ...flags];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#closed = once(this.child, 'close');
    workers.push(this);
  }

  /** Waits for `count` events of this name in its log. */
  async logs(event: string, count = 1): Promise<void> {
    while (this.stderr.split(`"msg":"${event}"`).length <= count) {
      if (this.child.exitCode !== null) throw new Error(`The worker ended:\n${this.stderr}`);
      await Promise.race([once(this.child.stderr!, 'data'), this.#closed]);
    }
  }

  /** Sends the signal, if any, and resolves with the exit code. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal) this.child.kill(signal);
    await this.#closed;
    return this.child.exitCode;
  }
}

async function start(flags: readonly string[] = []): Promise<ServerProcess> {
  server = await startServerProcess(dataDir, flags);
  return server;
}

describe('a worker process', () => {
  it('plays games that the server acknowledges', async () => {
    const { address, connect } = await start();
    await createJob(connect(), { visits: 8 });
    const worker = new WorkerProcess(address, ['--games', '8']);
    await worker.logs('game-stored', 20);
    expect(await worker.end('SIGTERM')).toBe(0);
    const totals = JSON.parse(worker.stdout) as { games: number; evaluations: number };
    expect(totals.games).toBeGreaterThanOrEqual(20);
    expect(totals.evaluations).toBeGreaterThan(totals.games);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('gives its games back on %s and ends with 0', async (signal) => {
    const { address, connect, log } = await start();
    await createJob(connect(), { visits: 100_000 });
    const worker = new WorkerProcess(address, ['--games', '3']);
    while (!log().includes('worker-here')) await new Promise((resolve) => setImmediate(resolve));
    // A second stream is answered after the first one's leases are out.
    const other = new WorkClient(connect());
    other.hello(1, 'other');
    expect((await other.next('lease')).gameId).toBe('alphazero-1-3');
    expect(await worker.end(signal)).toBe(0);
    const third = new WorkClient(connect());
    third.hello(3, 'third');
    const given = [await third.next('lease'), await third.next('lease'), await third.next('lease')];
    expect(given.map(({ gameId }) => gameId).sort()).toEqual(['alphazero-1-0', 'alphazero-1-1', 'alphazero-1-2']);
  });

  it('goes on by itself when the server comes back after kill -9', async () => {
    const first = await start();
    await createJob(first.connect(), { visits: 8 });
    const worker = new WorkerProcess(first.address, ['--games', '4']);
    await worker.logs('game-stored', 5);
    await first.kill();
    await worker.logs('disconnected');
    const before = worker.stderr.split('"msg":"game-stored"').length - 1;
    const second = await start(['--port', first.address.split(':')[1]!]);
    await second.connect().client(JobServiceDefinition).getJob({ jobId: 'alphazero-1' });
    await worker.logs('game-stored', before + 5);
    expect(worker.stderr).not.toContain('game-refused');
    expect(await worker.end('SIGINT')).toBe(0);
  });

  it('waits for a server that is not there, and can be stopped meanwhile', async () => {
    const worker = new WorkerProcess('127.0.0.1:1', ['--games', '2']);
    await worker.logs('disconnected', 2);
    expect(await worker.end('SIGINT')).toBe(0);
  });

  it('ends at once with a sentence when its token is wrong', async () => {
    const { address } = await start(['--token', 'right']);
    const worker = new WorkerProcess(address, ['--token', 'wrong']);
    expect(await worker.end()).toBe(1);
    expect(worker.stderr).toMatch(/tengen: .*token/);
  });
});
