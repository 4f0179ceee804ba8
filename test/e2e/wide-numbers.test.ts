import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Status } from 'nice-grpc-common';
import type { Connection } from '../../clients/shared/connection.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { CurriculumServiceDefinition, DrawRequest } from '../../src/proto/tengen/v1/curriculum.js';
import { EvaluateRequest, EvaluateResponse } from '../../src/proto/tengen/v1/evaluator.js';
import { ListGamesResponse } from '../../src/proto/tengen/v1/game.js';
import { JobServiceDefinition, WatchJobRequest, WatchJobResponse } from '../../src/proto/tengen/v1/job.js';
import { KoRule, Position } from '../../src/proto/tengen/v1/position.js';
import { RawClient, varintField } from '../support/raw-call.js';
import { createJob } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { playLease, WorkClient } from '../support/work-client.js';

const evaluate = '/tengen.v1.EvaluatorService/Evaluate';
/** The least number that is no exact double, and the largest there is. */
const wide = [2n ** 53n + 1n, 2n ** 64n - 1n];

let dataDir: string;
let server: ServerProcess;
let connection: Connection;
let raw: RawClient;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
  connection = server.connect();
  raw = new RawClient(server.address);
  await createJob(connection);
});
afterAll(async () => {
  raw.close();
  await server.kill();
  removeDataDir(dataDir);
});

const position = Position.fromPartial({
  size: 3,
  stones: new Uint8Array(9),
  toMove: 1,
  rules: { ko: KoRule.POSITIONAL, komi: 0.5 },
});

/** The bytes of a request whose id is put in front, so that the test needs no codec for it. */
function request(id: bigint, given: Parameters<typeof EvaluateRequest.fromPartial>[0] = {}): Uint8Array {
  const rest = EvaluateRequest.encode(EvaluateRequest.fromPartial({ positions: [position], ...given })).finish();
  return Buffer.concat([varintField(1, id), rest]);
}

describe('whole numbers beyond 2⁵³', () => {
  it('come back as the ids of requests, also of those that fail', async () => {
    const [first, last] = wide as [bigint, bigint];
    const sent = [request(first), request(last, { model: 'nobody' }), request(7n)];
    const { status, messages } = await raw.call(evaluate, sent);
    expect(status).toBe('OK');
    for (const id of [first, last, 7n]) {
      const prefix = Buffer.from(varintField(1, id));
      expect(messages.filter((bytes) => bytes.subarray(0, prefix.length).equals(prefix))).toHaveLength(1);
    }
    const refused = messages.map((bytes) => EvaluateResponse.decode(bytes)).filter(({ error }) => error);
    expect(refused.map(({ error }) => error!.message)).toEqual([expect.stringContaining("'nobody'")]);
  });

  it('are places behind everything stored', async () => {
    const ended = await createJob(connection, {}, 'other');
    await connection.client(JobServiceDefinition).cancelJob({ jobId: ended.jobId });
    for (const after of wide) {
      const watch = Buffer.concat([
        WatchJobRequest.encode(WatchJobRequest.fromPartial({ jobId: ended.jobId })).finish(),
        varintField(2, after),
      ]);
      const { status, messages } = await raw.call('/tengen.v1.JobService/WatchJob', [watch]);
      expect(status).toBe('OK');
      expect(messages.map((bytes) => WatchJobResponse.decode(bytes).progress)).toEqual([undefined]);
      const list = await raw.call('/tengen.v1.GameService/ListGames', [varintField(3, after)]);
      expect([list.status, ListGamesResponse.decode(list.messages[0]!).games]).toEqual(['OK', []]);
    }
  });

  it('are seeds of draws of their own, and go on from their state', async () => {
    const seeds = [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n, 2n ** 64n - 1n];
    const drawn = await Promise.all(seeds.map((seed) => draws(seed)));
    expect(new Set(drawn.map(({ first }) => first)).size).toBe(seeds.length);
    expect(await draws(seeds[1]!)).toEqual(drawn[1]);
    expect((await draws(0n, drawn[1]!.state)).first).toBe(drawn[1]!.second);
  });

  it('are shown as they are when a game has another seed than its lease', async () => {
    const worker = new WorkClient(connection);
    worker.hello(1);
    const lease = await worker.next('lease');
    worker.submit(lease, { ...playLease(lease), seed: wide[1]! });
    expect((await worker.next('refused')).reason).toMatch(/^seed is 18446744073709551615; the lease says \d+$/);
  });
});

/** Two draws of 20 of 1,000 prompts, and the state between them. */
async function draws(seed: bigint, stateJson = ''): Promise<{ first: string; state: string; second: string }> {
  const outgoing = new MessageQueue<DrawRequest>();
  const answers = connection.client(CurriculumServiceDefinition).draw(outgoing)[Symbol.asyncIterator]();
  const ask = async (body: DrawRequest['body']): Promise<string> => {
    outgoing.push({ body });
    const { value } = (await answers.next()) as { value: { body: { value: object } } };
    const { stateJson: state, indices } = value.body.value as { stateJson?: string; indices?: number[] };
    return state ?? String(indices);
  };
  const open = DrawRequest.fromPartial({
    body: { $case: 'open', value: { settings: { kind: 'random-order' }, seed } },
  });
  outgoing.push(open);
  const prompts = Array.from({ length: 1000 }, (_, i) => ({
    id: String(i),
    length: 1,
    family: '',
    level: 0,
    signal: undefined,
  }));
  outgoing.push({ body: { $case: 'add', value: { prompts, checkpoint: '', stateJson } } });
  const first = await ask({ $case: 'draw', value: { count: 20 } });
  const state = await ask({ $case: 'save', value: {} });
  const second = await ask({ $case: 'draw', value: { count: 20 } });
  outgoing.end();
  return { first, state, second };
}

/** Bytes that are no message, and why. */
const unreadable: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['are cut off', Uint8Array.of(0x0a, 0x05, 0x61), /they end within a field/],
  ['have a tag of no kind', Uint8Array.of(0x0f), /wire type 7/],
  ['go on behind their end', Uint8Array.of(0x00, 0x01, 0x02), /it ends after 1 bytes/],
  ['have a number that does not end', new Uint8Array(12).fill(0xff), /varint/],
  ['have a text that is not UTF-8', Uint8Array.of(0x12, 0x02, 0xc3, 0x28), /a text is not UTF-8/],
];
/** A call of each form. */
const calls = [
  evaluate,
  '/tengen.v1.JobService/CreateJob',
  '/tengen.v1.JobService/WatchJob',
  '/tengen.v1.DatasetService/ImportDataset',
  '/inference.GRPCInferenceService/ModelMetadata',
  '/tengen.v1.SchedulingService/PlanStep',
  '/tengen.v1.SchedulingService/FitCost',
  '/tengen.v1.BranchingService/PickBranch',
  '/tengen.v1.BranchingService/LabelTree',
  '/tengen.v1.CurriculumService/Draw',
  '/grpc.health.v1.Health/Check',
];

describe('bytes that are no message', () => {
  it.each(unreadable.slice(0, 2))('end their own call when they %s, whichever it is', async (_, bytes) => {
    const open = longCall();
    for (const path of calls) {
      const { status, details } = await raw.call(path, [bytes]);
      expect([path, status]).toEqual([path, 'INVALID_ARGUMENT']);
      expect(details).toContain(`Message 1 of the call ${path} has ${bytes.length} bytes that are no request of it: `);
    }
    expect(await open.end()).toBe(Status.OK);
  });

  it.each(unreadable)(
    'are refused with the reason when they %s, and logged with their number',
    async (_, bytes, why) => {
      const open = longCall();
      const { status, details } = await raw.call(evaluate, [request(1n), request(2n), bytes, request(3n)]);
      expect(status).toBe('INVALID_ARGUMENT');
      expect(details).toContain(`Message 3 of the call ${evaluate} has ${bytes.length} bytes`);
      expect(details).toMatch(why);
      expect(await open.end()).toBe(Status.OK);
      const lines = server
        .log()
        .split('\n')
        .filter((line) => line.includes('message-not-decoded'));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
        expect.objectContaining({ method: evaluate, message: 3 }),
      );
    },
  );

  it('are refused on the way of the page, too', async () => {
    const response = await fetch(new URL('/tengen.v1.JobService/ListJobs', server.page), {
      method: 'POST',
      body: Uint8Array.of(0x0a, 0x05, 0x61),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      kind: 'invalid-argument',
      message:
        'Message 1 of the call /tengen.v1.JobService/ListJobs has 3 bytes that are no request of it: they end within a field',
    });
    expect(server.log()).toMatch(/"method":"\/tengen.v1.JobService\/ListJobs","message":1/);
  });

  /** A call on the same connection that is open while others fail. */
  function longCall(): { end: () => Promise<Status> } {
    const outgoing = new MessageQueue<Uint8Array>();
    const answered = raw.call(evaluate, outgoing);
    outgoing.push(request(1n));
    return {
      async end() {
        outgoing.push(request(2n));
        outgoing.end();
        const { status, messages } = await answered;
        expect(messages).toHaveLength(2);
        return Status[status as keyof typeof Status];
      },
    };
  }
});
