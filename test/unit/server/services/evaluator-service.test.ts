import { Readable } from 'node:stream';
import { Metadata, type CallContext } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MessageQueue } from '../../../../src/core/message-queue.js';
import {
  EvaluateRequest,
  type EvaluateResponse,
  EvaluatorServiceDefinition,
  Priority,
} from '../../../../src/proto/tengen/v1/evaluator.js';
import type { Evaluator } from '../../../../src/evaluator/evaluator.js';
import { makeEvaluatorService } from '../../../../src/server/services/evaluator-service.js';
import { evaluationFromWire } from '../../../../src/wire/evaluation.js';
import { positionToWire } from '../../../../src/wire/position.js';
import { startEvaluationServer, type EvaluationServer } from '../../../support/evaluation-server.js';
import { MemoryModels, randomPositions, tinyModel } from '../../../support/served-models.js';

const size = 5;
const positions = randomPositions(size, 64).map(positionToWire);
let server: EvaluationServer;

beforeAll(async () => {
  const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1').promote('go', 'go@1');
  server = await startEvaluationServer(models, { maxBatch: 8, maxPending: 20_000 });
});

afterAll(() => server.close());

function request(requestId: number | bigint, given: Partial<EvaluateRequest> = {}): EvaluateRequest {
  return EvaluateRequest.create({ requestId, positions: positions.slice(0, 4), ...given });
}

/** One stream: sends, and collects answers by id. */
class Stream {
  readonly answers: EvaluateResponse[] = [];
  readonly #outgoing = new MessageQueue<EvaluateRequest>();
  readonly #abort = new AbortController();
  readonly #iterator = server.connection
    .client(EvaluatorServiceDefinition)
    .evaluate(this.#outgoing, { signal: this.#abort.signal })
    [Symbol.asyncIterator]();

  send(...requests: EvaluateRequest[]): this {
    for (const one of requests) this.#outgoing.push(one);
    return this;
  }

  /** The next `count` answers, ordered by id. */
  async receive(count: number): Promise<EvaluateResponse[]> {
    const answers: EvaluateResponse[] = [];
    while (answers.length < count) {
      const next = await this.#iterator.next();
      if (next.done) break;
      answers.push(next.value);
    }
    return answers.sort((a, b) => Number(a.requestId - b.requestId));
  }

  /** Half-closes; the answers that are left. */
  end(): Promise<EvaluateResponse[]> {
    this.#outgoing.end();
    return this.receive(Infinity);
  }

  abort(): void {
    this.#abort.abort();
    this.#iterator.next().catch(() => undefined);
  }
}

describe('EvaluatorService', () => {
  it('answers many requests of one stream, each with its id, and ends when all are answered', async () => {
    const stream = new Stream();
    for (let id = 1; id <= 30; id++)
      stream.send(request(id, { positions: positions.slice(id, id + 3), ownership: id === 7 }));
    const answers = await stream.end();
    expect(answers.map(({ requestId }) => requestId)).toEqual(Array.from({ length: 30 }, (_, i) => BigInt(i + 1)));
    const direct = await server.evaluator.evaluate({
      model: '',
      positions: randomPositions(size, 64),
      ownership: true,
    });
    for (const { requestId, modelVersion, evaluations, error } of answers) {
      expect([modelVersion, evaluations.length, error]).toEqual(['go@1', 3, undefined]);
      evaluations.forEach((evaluation, i) => {
        const seen = evaluationFromWire(evaluation, size);
        const expected = direct.evaluations[Number(requestId) + i]!;
        expect(seen.score).toBeCloseTo(expected.score, 3);
        expect(seen.logits[25]).toBeCloseTo(expected.logits[25]!, 3);
        if (requestId === 7n) expect(seen.ownership?.[12]).toBeCloseTo(expected.ownership![12]!, 3);
        else expect(seen.ownership).toBeUndefined();
      });
    }
  });

  it('answers a bad request with its own error and lives on', async () => {
    const stream = new Stream();
    const [good] = positions;
    const bad: [Partial<EvaluateRequest>, number, RegExp][] = [
      [{ model: 'chess' }, Status.NOT_FOUND, /no model 'chess'/],
      [{ positions: [] }, Status.INVALID_ARGUMENT, /positions holds 0; a request has 1 to 1024/],
      [
        { positions: [good!, { ...good!, stones: new Uint8Array(3) }] },
        Status.INVALID_ARGUMENT,
        /positions\[1\]: stones/,
      ],
      [{ positions: [{ ...good!, rules: undefined }] }, Status.INVALID_ARGUMENT, /positions\[0\]: rules are missing/],
      [{ positions: [{ ...good!, size: 900_000 }] }, Status.INVALID_ARGUMENT, /size is 900000/],
      [{ positions: [{ ...good!, banned: [4_000_000] }] }, Status.INVALID_ARGUMENT, /banned holds 4000000/],
      [
        { positions: randomPositions(9, 1).map(positionToWire) },
        Status.INVALID_ARGUMENT,
        /Model go@1 plays 5×5; the position is 9×9/,
      ],
    ];
    bad.forEach(([given], i) => stream.send(request(i + 1, given)));
    const answers = await stream.receive(bad.length);
    answers.forEach(({ error, evaluations }, i) => {
      expect(evaluations).toEqual([]);
      expect(error?.code).toBe(bad[i]![1]);
      expect(error?.message).toMatch(bad[i]![2]);
    });
    const [last] = await stream.send(request(99)).end();
    expect([last?.requestId, last?.evaluations.length, last?.error]).toEqual([99n, 4, undefined]);
  });

  it('refuses an id that is in flight already, with all its digits', async () => {
    const id = 2n ** 64n - 1n;
    const stream = new Stream().send(request(id, { positions: [...positions, ...positions] }), request(id));
    const answers = await stream.end();
    expect(answers.map(({ error }) => error?.code).sort()).toEqual([Status.ALREADY_EXISTS, undefined]);
    const refused = answers.find(({ error }) => error)!;
    expect([refused.requestId, refused.error!.message]).toEqual([
      id,
      'request_id 18446744073709551615 is still in flight on this stream',
    ]);
  });

  it('cancels one request and leaves the others alone', async () => {
    const many = Array.from({ length: 1024 }, (_, i) => positions[i % positions.length]!);
    const stream = new Stream().send(
      request(1, { positions: many }),
      request(2),
      request(1, { positions: [], cancel: true }),
    );
    stream.send(request(77, { positions: [], cancel: true })); // unknown: passed over
    const [first, second] = await stream.end();
    expect(first?.error).toMatchObject({ code: Status.CANCELLED });
    expect(second?.evaluations).toHaveLength(4);
  });

  it('answers an interactive request before the bulk ones that came first', async () => {
    const stream = new Stream();
    for (let id = 1; id <= 40; id++) stream.send(request(id, { positions }));
    stream.send(request(41, { positions: positions.slice(0, 1), priority: Priority.INTERACTIVE }));
    // The server answers the first ones while it reads the others, but never all of them.
    const first = await stream.receive(38);
    expect(first.at(-1)?.requestId).toBe(41n);
    await stream.end();
  });

  it('answers a long request, which is converted in pieces, as it answers short ones', async () => {
    const many = randomPositions(size, 1000).map(positionToWire);
    const stream = new Stream().send(request(1000, { positions: many, ownership: true }));
    for (let id = 0; id < 10; id++)
      stream.send(request(id, { positions: many.slice(100 * id, 100 * id + 100), ownership: true }));
    const [whole, ...parts] = (await stream.end()).reverse();
    expect(whole!.modelVersion).toBe('go@1');
    expect(whole!.evaluations).toEqual(parts.reverse().flatMap(({ evaluations }) => evaluations));
  });

  it('names the wrong position of a long request', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...positions[0]!, ...(i === 900 && { size: 99 }) }));
    const [answer] = await new Stream().send(request(1, { positions: many })).end();
    expect(answer!.error?.message).toContain('positions[900]: ');
  });

  it('lets others have their turn of the event loop while it converts a long request', async () => {
    const evaluation = (await server.evaluator.evaluate({ model: '', positions: randomPositions(size, 1) }))
      .evaluations[0]!;
    const quick = {
      evaluate: ({ positions: asked }: { positions: unknown[] }) =>
        Promise.resolve({ modelVersion: 'go@1', precision: 'fp32', evaluations: asked.map(() => evaluation) }),
      capacity: 32,
    };
    const service = makeEvaluatorService(quick as unknown as Evaluator, pino({ level: 'silent' }));
    const turnsFor = async (count: number): Promise<number> => {
      const many = Array.from({ length: count }, (_, i) => positions[i % positions.length]!);
      const requests = Readable.from([request(1, { positions: many })]);
      const context = { metadata: Metadata(), peer: 'test', signal: new AbortController().signal };
      let turns = 0;
      const turn = (): void => {
        turns++;
        timer = setImmediate(turn);
      };
      let timer = setImmediate(turn);
      const answers = service.evaluate(requests as AsyncIterable<EvaluateRequest>, context as unknown as CallContext);
      for await (const answer of answers) expect(answer).toBeInstanceOf(count > 128 ? Uint8Array : Object);
      clearImmediate(timer);
      return turns;
    };
    const short = await turnsFor(64);
    // A turn for each 128 positions on their way in, and on their way out.
    expect(await turnsFor(1024)).toBeGreaterThanOrEqual(short + 14);
  });

  it('drops everything a client wanted when the client goes', async () => {
    const before = server.evaluator.metrics().cancelled;
    const many = Array.from({ length: 1024 }, (_, i) => positions[i % positions.length]!);
    // On a busy machine the work may be done before the end of the client is noticed; not again and again.
    for (let attempt = 0; attempt < 20 && server.evaluator.metrics().cancelled === before; attempt++) {
      const stream = new Stream();
      stream.send(request(1));
      for (let id = 2; id <= 5; id++) stream.send(request(id, { positions: many }));
      await stream.receive(1);
      // Until one of the long requests is read, piece by piece; the server is in this thread, so that is not missed.
      while (server.evaluator.metrics().pending === 0) await new Promise((resolve) => setImmediate(resolve));
      stream.abort();
      while (server.evaluator.metrics().pending > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.evaluator.metrics().cancelled).toBeGreaterThan(before);
  });

  it('reads no more than it has room for from one stream', async () => {
    const many = Array.from({ length: 1024 }, (_, i) => positions[i % positions.length]!);
    const stream = new Stream();
    for (let id = 1; id <= 24; id++) stream.send(request(id, { positions: many }));
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, server.evaluator.metrics().pending)), 1);
    const answers = await stream.end();
    clearInterval(watching);
    expect(answers.every(({ error, evaluations }) => !error && evaluations.length === 1024)).toBe(true);
    expect(most).toBeGreaterThan(1024);
    expect(most).toBeLessThanOrEqual(4096 + 1024);
  });
});
