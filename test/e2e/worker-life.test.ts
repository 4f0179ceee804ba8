import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDelayProxy } from '../../bench/shared/delay-proxy.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { MonitorServiceDefinition } from '../../src/proto/tengen/v1/monitor.js';
import { freshServer } from '../support/fresh-server.js';
import { createJob } from '../support/server-calls.js';
import { WorkClient } from '../support/work-client.js';
import { WorkerProcess } from '../support/worker-process.js';

const own = freshServer();

/** The stages that a trace file has, by thread. */
function stagesOf(file: string): Record<string, string[]> {
  interface Event {
    readonly ph: string;
    readonly name: string;
    readonly tid: number;
    readonly args: { readonly name?: string };
  }
  const events = JSON.parse(readFileSync(file, 'utf8')) as Event[];
  const threads = events.filter(({ name }) => name === 'thread_name');
  return Object.fromEntries(
    threads.map(({ tid, args }) => {
      const spans = events.filter((event) => event.ph !== 'M' && event.tid === tid);
      return [args.name!, [...new Set(spans.map(({ name }) => name))].sort()];
    }),
  );
}

describe('a worker process', () => {
  it('plays games that the server acknowledges', async () => {
    const { address, connect } = await own.start();
    await createJob(connect(), { visits: 8 });
    const worker = new WorkerProcess(address, ['--games', '8']);
    await worker.logs('game-stored', 20);
    expect(await worker.end('SIGTERM')).toBe(0);
    const totals = JSON.parse(worker.stdout) as { games: number; evaluations: number };
    expect(totals.games).toBeGreaterThanOrEqual(20);
    expect(totals.evaluations).toBeGreaterThan(totals.games);
  });

  it('and its server say by stage where their time went, where they are asked to', async () => {
    const files = [join(own.dataDir, 'server.json'), join(own.dataDir, 'worker.json')] as const;
    const { connect, address, stop } = await own.start(['--profile', files[0]]);
    const { jobId } = await createJob(connect(), { visits: 8, startPositions: 20, batchSize: 16 });
    const worker = new WorkerProcess(address, ['--games', '8', '--threads', '2', '--profile', files[1]]);
    const jobs = connect().client(JobServiceDefinition);
    for await (const { progress } of jobs.watchJob({ jobId })) {
      if ((progress?.metrics['step'] ?? 0) > 0) break;
    }
    expect(await worker.end('SIGTERM')).toBe(0);
    await stop();
    const [server, played] = files.map((file) => stagesOf(file));
    expect(server).toEqual({
      main: ['decode', 'encode', 'queue'],
      'session 0': ['features', 'load', 'network', 'outputs'],
      training: ['batch', 'step'],
    });
    expect(played).toEqual({ 'games 0': ['decode', 'encode', 'evaluation', 'search'], main: [], 'games 1': [] });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('gives its games back on %s and ends with 0', async (signal) => {
    const { address, connect, log } = await own.start();
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
    const first = await own.start();
    await createJob(first.connect(), { visits: 8 });
    const worker = new WorkerProcess(first.address, ['--games', '4']);
    await worker.logs('game-stored', 5);
    await first.kill();
    await worker.logs('disconnected');
    const before = worker.stderr.split('"msg":"game-stored"').length - 1;
    // Else the page takes the next port, which may be anybody's.
    const second = await own.start(['--port', first.address.split(':')[1]!, '--no-page']);
    await second.connect().client(JobServiceDefinition).getJob({ jobId: 'alphazero-1' });
    await worker.logs('game-stored', before + 5);
    expect(worker.stderr).not.toContain('game-refused');
    expect(await worker.end('SIGINT')).toBe(0);
  });

  it('plays so many games, if nobody says how many, that a distant server has enough to do', async () => {
    // The server evaluates 16 positions at once; with 64 games it waits for them most of the time.
    const { address, connect } = await own.start(['--threads', '1', '--max-batch', '16']);
    await createJob(connect(), { visits: 100_000 });
    const proxy = await startDelayProxy(address, 100);
    const worker = new WorkerProcess(proxy.address, []);
    for await (const { workers } of connect().client(MonitorServiceDefinition).watchServer({ intervalMs: 100 })) {
      if (workers[0] && workers[0].leases >= 128) break;
    }
    expect(worker.stderr).toContain('"msg":"games"');
    expect(await worker.end('SIGTERM')).toBe(0);
    proxy.close();
  });

  it('waits for a server that is not there, and can be stopped meanwhile', async () => {
    const worker = new WorkerProcess('127.0.0.1:1', ['--games', '2']);
    await worker.logs('disconnected', 2);
    expect(await worker.end('SIGINT')).toBe(0);
  });

  it('ends at once with a sentence when its token is wrong', async () => {
    const { address } = await own.start(['--token', 'right']);
    const worker = new WorkerProcess(address, ['--token', 'wrong']);
    expect(await worker.end()).toBe(1);
    expect(worker.stderr).toMatch(/tengen: .*token/);
  });
});
