/** Streams that a proxy takes for idle and cuts are lost connections; addresses that cannot be one are refused. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { proxies, startProxy, type HttpProxy } from '../support/http-proxies.js';
import { createJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { WorkerProcess } from '../support/worker-process.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
let dataDir: string;
let server: ServerProcess;
let proxy: HttpProxy | undefined;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir, ['--no-page']);
});
afterEach(async () => {
  WorkerProcess.killAll();
  await proxy?.stop();
  proxy = undefined;
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

it.each(Object.keys(proxies) as (keyof typeof proxies)[])(
  'a worker and a watch outlive the cuts of %s',
  async (name) => {
    proxy = await startProxy(name, server.address);
    if (!proxy) return;
    const worker = new WorkerProcess(proxy.address, ['--games', '2']);
    await worker.logs('disconnected', 2);
    for (const [, reason = ''] of worker.stderr.matchAll(/"reason":"([^"]*)"[^\n]*"msg":"disconnected"/g))
      expect(reason).toMatch(/lost|ended|UNAVAILABLE|status code/i);

    const connection = server.connect();
    const { jobId } = await createJob(connection, {}, `through-${name}`);
    await worker.logs('game-stored');
    await worker.end('SIGTERM');

    const watch = spawn(process.execPath, [tengen, 'jobs', 'watch', jobId, '--json', '--address', proxy.address], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    watch.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    watch.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    const ended = once(watch, 'close');
    while (said.err.split('trying again').length < 3 && watch.exitCode === null) {
      await Promise.race([once(watch.stderr, 'data'), ended]);
    }
    await connection.client(JobServiceDefinition).cancelJob({ jobId });
    await ended;
    expect({ code: watch.exitCode, err: said.err }).toMatchObject({ code: 0 });
    const numbers = said.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  },
);

it.each([
  ['worker', '--address', 'foo'],
  ['worker', '--address', 'localhost:99999'],
  ['gtp', '--address', 'localhost:'],
  ['analysis', '--address', 'a b:5050'],
  ['models', 'list', '--address', 'http://localhost:5050'],
])('tengen %s %s %s is refused at its start', (...args) => {
  const { status, stderr } = spawnSync(process.execPath, [tengen, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    input: '',
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/The address is '.*it must be HOST:PORT/) as string,
  });
});
