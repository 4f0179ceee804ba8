/** A server that stops answers what it has taken, and says UNAVAILABLE for the rest: of every call that is open. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { ClientError, Status } from 'nice-grpc-common';
import { HealthDefinition } from 'nice-grpc-server-health';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { CurriculumServiceDefinition, DrawRequest } from '../../src/proto/tengen/v1/curriculum.js';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition, WatchServerRequest } from '../../src/proto/tengen/v1/monitor.js';
import { createJob, expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { digestOf, files, heldOpen, upload } from '../support/uploads.js';
import { WorkClient } from '../support/work-client.js';

let dataDir: string;
let server: ServerProcess;

/** Long enough that a call which makes the stop wait fails its test. */
const PATIENT = ['--drain-seconds', '600'];

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

/** A server whose default model plays 3×3. */
async function start(flags: readonly string[]): Promise<Connection> {
  server = await startServerProcess(dataDir, flags);
  const connection = server.connect();
  const [chunk, sha256] = [files.model, digestOf(files.model)];
  const parts = async function* () {
    yield await Promise.resolve({ chunk, sizeBytes: chunk.length, sha256 });
  };
  await upload(connection, 'model', 'm', parts());
  return connection;
}

/** SIGTERM; resolves with the exit code. */
async function stop(): Promise<unknown> {
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  return (await exit)[0];
}

/** A stream that was opened: what came, and how it ended. */
class Open<T> {
  readonly received: T[] = [];
  /** The status that it ended with. */
  readonly status: Promise<string>;
  #wake: () => void = () => undefined;

  constructor(answers: AsyncIterable<T>) {
    this.status = this.#read(answers).finally(() => this.#wake());
  }

  /** Resolves when so many answers have come. */
  async has(count: number): Promise<this> {
    while (this.received.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this;
  }

  async #read(answers: AsyncIterable<T>): Promise<string> {
    try {
      for await (const answer of answers) {
        this.received.push(answer);
        this.#wake();
      }
      return 'OK';
    } catch (error) {
      return error instanceof ClientError ? `${Status[error.code]} ${error.details}` : String(error);
    }
  }
}

/** Different positions, so that no cache answers them. */
function request(requestId: number, count: number): EvaluateRequest {
  const positions = Array.from({ length: count }, (_, i) => ({
    ...{ size: 3, toMove: 1 as const, rules: { komi: ((requestId * 131 + i) % 37) / 2 - 9 } },
    stones: Uint8Array.from({ length: 9 }, (_, point) =>
      point % 2 === 0 ? ((requestId * 7 + i) >> (point >> 1)) % 3 : 0,
    ),
  }));
  return EvaluateRequest.fromPartial({ requestId, positions });
}

function evaluate(connection: Connection, requests: readonly EvaluateRequest[]) {
  const { messages } = heldOpen(connection, requests);
  return new Open(connection.client(EvaluatorServiceDefinition).evaluate(messages));
}

it('never ends an Evaluate with OK while requests are unanswered', async () => {
  const connection = await start(PATIENT);
  const requests = Array.from({ length: 200 }, (_, i) => request(i + 1, 100));
  const stream = await evaluate(connection, requests).has(1);
  expect(await stop()).toBe(0);
  expect(await stream.status).toBe('UNAVAILABLE The server is stopping');
  // What it had taken is answered.
  expect(stream.received.filter(({ evaluations }) => evaluations.length !== 100)).toEqual([]);
});

it('says UNAVAILABLE to calls that are late, too', async () => {
  const connection = await start(['--drain-seconds', '0']);
  const requests = Array.from({ length: 200 }, (_, i) => request(i + 1, 100));
  const stream = await evaluate(connection, requests).has(1);
  expect(await stop()).toBe(0);
  expect(await stream.status).toMatch(/^UNAVAILABLE The server is stopping/);
});

it('ends every stream at once, in order, whatever it is', async () => {
  const connection = await start(PATIENT);
  const job = await createJob(connection, {}, 'trained');
  const idle = await evaluate(connection, [request(1, 1)]).has(1);
  const drawing = heldOpen(connection, [
    DrawRequest.fromPartial({ body: { $case: 'open', value: { settings: { kind: 'uniform' }, seed: 1 } } }),
    DrawRequest.fromPartial({ body: { $case: 'add', value: { prompts: [{ id: 'a', length: 3 }] } } }),
    DrawRequest.fromPartial({ body: { $case: 'draw', value: { count: 1 } } }),
  ]);
  const draw = await new Open(connection.client(CurriculumServiceDefinition).draw(drawing.messages)).has(1);
  const monitor = connection.client(MonitorServiceDefinition);
  const watchServer = await new Open(monitor.watchServer({ intervalMs: 60_000 })).has(1);
  const jobs = connection.client(JobServiceDefinition);
  const watchJob = await new Open(jobs.watchJob({ jobId: job.jobId, afterSequence: 0 })).has(1);
  const health = await new Open(connection.client(HealthDefinition).watch({ service: '' })).has(1);
  const page = await fetch(`${server.page!}tengen.v1.MonitorService/WatchServer`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/x-protobuf' } },
    body: WatchServerRequest.encode({ intervalMs: 60_000 }).finish(),
  });
  const worker = new WorkClient(connection);
  worker.hello(1);
  const lease = await worker.next('lease');

  worker.submit(lease);
  expect(await worker.next('stored')).toEqual({ gameId: lease.gameId });
  expect(await stop()).toBe(0);

  const stopping = 'UNAVAILABLE The server is stopping';
  expect(await Promise.all([idle, draw, watchServer, watchJob, health].map(({ status }) => status))).toEqual(
    Array.from({ length: 5 }, () => stopping),
  );
  // SERVING, then NOT_SERVING.
  expect(health.received.map(({ status }) => status)).toEqual([1, 2]);
  expect(await page.text()).toMatch(/event: error\ndata: \{"kind":"unavailable","message":"The server is stopping"\}/);
  expect(await worker.ended()).toMatchObject({ code: Status.UNAVAILABLE, details: 'The server is stopping' });
});

it('refuses calls that come while it stops', async () => {
  const connection = await start(PATIENT);
  const models = connection.client(ModelServiceDefinition);
  const watching = await new Open(connection.client(HealthDefinition).watch({ service: '' })).has(1);
  // A request of the page whose body does not come keeps the server from ending.
  const { hostname, port } = new URL(server.page!);
  const socket = connect(Number(port), hostname);
  socket.write('POST /tengen.v1.ModelService/ListModels HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n');
  socket.write('content-length: 9\r\n\r\n');
  await once(socket, 'data');
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  await watching.status;
  await expectStatus(models.listModels({ name: '' }), Status.UNAVAILABLE, /./);
  socket.destroy();
  expect((await exit)[0]).toBe(0);
});
