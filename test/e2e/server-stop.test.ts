/** A server that stops answers what it has taken, and says UNAVAILABLE for the rest: of every call that is open. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { type Channel, createChannel, createClient } from 'nice-grpc';
import { ClientError, Status } from 'nice-grpc-common';
import { HealthDefinition } from 'nice-grpc-server-health';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { Condition } from '../../src/core/condition.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { CurriculumServiceDefinition, DrawRequest } from '../../src/proto/tengen/v1/curriculum.js';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { FinishReason, GenerationServiceDefinition } from '../../src/proto/tengen/v1/generation.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition, WatchServerRequest } from '../../src/proto/tengen/v1/monitor.js';
import { readSftConfig } from '../../src/trainer/sft/config.js';
import { readLanguageModel } from '../../src/trainer/sft/language-model.js';
import { createJob, expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { digestOf, files, heldOpen, upload } from '../support/uploads.js';
import { WorkClient } from '../support/work-client.js';

let dataDir: string;
let server: ServerProcess;
const channels: Channel[] = [];

/** Long enough that a call which makes the stop wait fails its test. */
const PATIENT = ['--drain-seconds', '600'];

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  for (const channel of channels.splice(0)) channel.close();
  await server.kill();
  removeDataDir(dataDir);
});

/** A server whose default model plays 3×3. */
async function start(flags: readonly string[]): Promise<Connection> {
  server = await startServerProcess(dataDir, flags);
  const connection = server.connect();
  await uploadModel(connection, 'm', files.model);
  return connection;
}

async function uploadModel(connection: Connection, name: string, file: Uint8Array): Promise<void> {
  const parts = async function* () {
    const whole = { sizeBytes: file.length, sha256: digestOf(file) };
    for (let start = 0; start < file.length; start += 2 ** 20) {
      yield await Promise.resolve({ chunk: file.subarray(start, start + 2 ** 20), ...(start === 0 && whole) });
    }
  };
  await upload(connection, 'model', name, parts());
}

/** A language model of some 25 MB: more than a connection holds on its way. */
const speaker = encodeModel(
  readLanguageModel(undefined, readSftConfig({ dataset: 'd', layers: 2, hidden: 512, heads: 8, bucketSize: 512 })),
);

/** A text and a file that are on their way to a client, which has taken the first piece of each and rests. */
async function startAnswers(connection: Connection) {
  await uploadModel(connection, 'speaker', speaker);
  // A peer whose keepalive pings come while the server stops, as anybody's do when a stop takes long.
  const channel = createChannel(server.address, undefined, { 'grpc.keepalive_time_ms': 1 });
  channels.push(channel);
  const prompt = { $case: 'text' as const, value: 'Once' };
  const generation = createClient(GenerationServiceDefinition, channel);
  const text = generation.generate({ model: 'speaker', prompt, temperature: 0, maxTokens: 400 });
  const file = connection.client(ModelServiceDefinition).downloadModel({ model: 'speaker' });
  const [texts, parts] = [text[Symbol.asyncIterator](), file[Symbol.asyncIterator]()];
  await texts.next();
  const first = (await parts.next()).value as { chunk: Uint8Array; sha256: string };
  return { texts, parts, first };
}

/** All that is left of a stream. */
async function restOf<T>(iterator: AsyncIterator<T>): Promise<T[]> {
  const rest: T[] = [];
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) rest.push(step.value);
  return rest;
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
  readonly #changed = new Condition();

  constructor(answers: AsyncIterable<T>) {
    this.status = this.#read(answers).finally(() => this.#changed.notifyAll());
  }

  /** Resolves when so many answers have come. */
  async has(count: number): Promise<this> {
    await this.#changed.until(() => this.received.length >= count);
    return this;
  }

  async #read(answers: AsyncIterable<T>): Promise<string> {
    try {
      for await (const answer of answers) {
        this.received.push(answer);
        this.#changed.notifyAll();
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
    size: 3,
    toMove: 1 as const,
    rules: { komi: ((requestId * 131 + i) % 37) / 2 - 9 },
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
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
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

it('lets a text and a download that it has begun go on to their end', async () => {
  const connection = await start(PATIENT);
  const { texts, parts, first } = await startAnswers(connection);
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  while (!server.log().includes('"stopping"')) await once(server.child.stderr!, 'data');
  expect((await restOf(texts)).at(-1)?.finishReason).toBe(FinishReason.LENGTH);
  const rest = await restOf(parts);
  expect(digestOf(Buffer.concat([first.chunk, ...rest.map(({ chunk }) => chunk)]))).toBe(first.sha256);
  expect((await exit)[0]).toBe(0);
});

it('cuts off a text and a download that are not done in time', async () => {
  const connection = await start(['--drain-seconds', '0']);
  const { texts, parts } = await startAnswers(connection);
  const exit = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  await expectStatus(restOf(texts), Status.UNAVAILABLE, /stopping/);
  // Half a second later the connection ends: whoever has not read what came before the status never sees the status.
  await expect(restOf(parts)).rejects.toMatchObject({
    code: expect.toBeOneOf([Status.UNAVAILABLE, Status.CANCELLED]) as number,
  });
  expect((await exit)[0]).toBe(0);
});

it('lets a worker hand in later the game that it was playing', async () => {
  const connection = await start(PATIENT);
  await createJob(connection, {}, 'trained');
  const worker = new WorkClient(connection);
  worker.hello(1);
  const lease = await worker.next('lease');
  expect(await stop()).toBe(0);
  expect(await worker.ended()).toMatchObject({ code: Status.UNAVAILABLE, details: 'The server is stopping' });
  server = await startServerProcess(dataDir, PATIENT);
  const again = new WorkClient(server.connect());
  again.hello(1, 'test', [lease.leaseId]);
  again.submit(lease);
  expect(await again.next('stored')).toEqual({ gameId: lease.gameId });
});
