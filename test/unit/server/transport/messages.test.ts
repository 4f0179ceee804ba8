import { describe, expect, it } from 'vitest';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../../../src/proto/tengen/v1/evaluator.js';
import { CreateJobRequest, JobServiceDefinition, ListJobsResponse } from '../../../../src/proto/tengen/v1/job.js';
import type { Position } from '../../../../src/proto/tengen/v1/position.js';
import { GameRecord, WorkRequest } from '../../../../src/proto/tengen/v1/self_play.js';
import { answeredInBytes, uncopied } from '../../../../src/server/transport/answers.js';
import { readMessage } from '../../../../src/server/transport/asked-in-bytes.js';
import { asBytes, decodable, type Unreadable } from '../../../../src/server/transport/decoding.js';
import { selfPlayService, workReader } from '../../../../src/server/self-play/work-message.js';
import { ownRequest } from '../../../../src/server/transport/threaded-service.js';
import { ThreadPool } from '../../../../src/threads/pool.js';

describe('a message of a call that takes few bytes', () => {
  const { requestType } = decodable(JobServiceDefinition).methods.createJob;
  const request = (characters: number): Uint8Array =>
    CreateJobRequest.encode(CreateJobRequest.fromPartial({ configJson: 'x'.repeat(characters) })).finish();

  it('is read', () => {
    expect(requestType.decode(request(100_000)).configJson).toHaveLength(100_000);
  });

  it('is refused unread if it has more than 1 MiB', () => {
    const refused = requestType.decode(request(2 ** 20)) as unknown as Unreadable;
    expect(refused.bytes).toBeGreaterThan(2 ** 20);
    expect(String(refused.cause)).toContain('the call takes 1048576 bytes at most');
  });
});

describe('a message of a call that takes many bytes', () => {
  const { requestType } = decodable(EvaluatorServiceDefinition).methods.evaluate;
  const decode = (bytes: Uint8Array): EvaluateRequest | Unreadable => requestType.decode(bytes);

  it('is read with the most positions that it may have, on the largest board', () => {
    const stones = new Uint8Array(361).fill(1);
    const rules = { ko: 1, suicide: true, komi: 7.5, scoring: 1, tax: 1, whiteHandicapBonus: 1, friendlyPassOk: true };
    const stonesOff = [1, 2, 3, 4, 5, 6, 7, 8];
    const history = { lastMoves: stonesOff, banned: stonesOff, captured: stonesOff, capturedBefore: stonesOff };
    const whole = { size: 19, stones, toMove: 1, bonus: 1, rules, ...history } as Position;
    const positions = Array.from({ length: 1024 }, () => whole);
    const bytes = EvaluateRequest.encode(EvaluateRequest.fromPartial({ positions })).finish();
    expect((decode(bytes) as EvaluateRequest).positions).toHaveLength(1024);
  });

  /** A field without content has two bytes: the number of the field with the type of messages, and the length 0. */
  const empty = (field: number, times: number): Uint8Array =>
    Uint8Array.from({ length: 2 * times }, (_, i) => (i % 2 === 0 ? (field << 3) | 2 : 0));

  it('is read no further than some thousand parts, where it holds millions', () => {
    const cause = String((decode(empty(2, 2 ** 22)) as Unreadable).cause);
    expect(cause).toContain('it has more fields and numbers than the call takes');
  });

  it('is not read at all where it has more positions than can be told of, however short it is', () => {
    expect((decode(empty(4, 4096)) as EvaluateRequest).positions).toHaveLength(4096);
    for (const positions of [4097, 2 ** 22]) {
      const cause = String((decode(empty(4, positions)) as Unreadable).cause);
      expect(cause).toContain('it has more than 4096 entries in field 4');
    }
  });

  it('is left to its service as it is where that reads in a thread', () => {
    const { requestDeserialize } = decodable(selfPlayService).methods.work as never as Record<string, unknown>;
    expect(requestDeserialize).toBe(asBytes);
  });
});

describe('a long message of a call that reads in threads', () => {
  const game = { searches: Array.from({ length: 40_000 }, () => ({ visits: 1 })) };
  const body = { $case: 'submit' as const, value: { leaseId: 'one', game: GameRecord.fromPartial(game) } };
  const long = WorkRequest.encode({ body }).finish();
  const read = async (bytes: Uint8Array, pool: ThreadPool) => readMessage(bytes, 1, { reader: workReader, pool });

  it('is read in one, and a short one is not', async () => {
    const pool = new ThreadPool({ name: 'messages', threads: 1, waiting: 0 });
    expect(await read(long, pool)).toMatchObject({ leaseId: 'one', game: { fault: 'game_id is empty' } });
    expect(pool.calls).toBe(1);
    const short = WorkRequest.encode({ body: { $case: 'heartbeat', value: { games: 0 } } }).finish();
    expect(await read(short, pool)).toEqual({ $case: 'heartbeat', value: { games: 0 } });
    expect(pool.calls).toBe(1);
    await expect(read(new Uint8Array(100_000).fill(255), pool)).rejects.toThrow('A message was not decoded');
    await pool.close();
  });
});

describe('an answer on its way to gRPC', () => {
  const message = ListJobsResponse.fromPartial({ jobs: [{ jobId: 'one' }] });
  const bytes = ListJobsResponse.encode(message).finish();

  it('may be bytes, where that was said', () => {
    const { responseType } = answeredInBytes(JobServiceDefinition, 'listJobs').methods.listJobs;
    expect(responseType.encode(bytes).finish()).toBe(bytes);
    expect(responseType.encode(message).finish()).toEqual(bytes);
  });

  it('is given as memory that needs no copy, if that holds nothing else', () => {
    const { responseType } = uncopied(answeredInBytes(JobServiceDefinition, 'listJobs')).methods.listJobs;
    expect(responseType.encode(bytes).finish()).toBe(bytes.buffer);
    expect(responseType.encode(bytes.subarray(1)).finish()).toEqual(bytes.subarray(1));
  });
});

describe('a request for a thread', () => {
  it('is given away in the memory that gRPC made for it and what is before it, and copied out of any other', () => {
    const alone = new Uint8Array(5 + 100).subarray(5);
    expect(ownRequest(alone)).toBe(alone);
    const shared = new Uint8Array(5 + 100 + 1).subarray(5, 105);
    expect(ownRequest(shared)).toEqual(shared);
    expect(ownRequest(shared).buffer).not.toBe(shared.buffer);
  });
});
