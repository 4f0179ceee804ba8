import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GamePrecision } from '../../../clients/shared/game-precision.js';
import { RemoteEvaluator } from '../../../clients/shared/remote-evaluator.js';
import { MessageQueue } from '../../../src/core/message-queue.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../../src/proto/tengen/v1/evaluator.js';
import { Precision } from '../../../src/proto/tengen/v1/precision.js';
import { positionToWire } from '../../../src/wire/position.js';
import { startEvaluationServer, type EvaluationServer } from '../../support/evaluation-server.js';
import { QuantizedModels } from '../../support/quantized-models.js';
import { randomPositions } from '../../support/served-models.js';

const positions = randomPositions(5, 8);
let models: QuantizedModels;
let server: EvaluationServer;

beforeAll(async () => {
  models = await QuantizedModels.calibrated();
  // With a cache, which must not answer in another precision than asked.
  server = await startEvaluationServer(models, { threads: 1, cacheMegabytes: 16 });
});
afterAll(() => server.close());

async function serve(precision: 'fp32' | 'int8'): Promise<void> {
  models.isQuantized = precision === 'int8';
  await server.evaluator.reload('go');
}
beforeEach(() => serve('fp32'));

async function values(evaluator: RemoteEvaluator, precision?: GamePrecision): Promise<number[]> {
  const snapshots: readonly Snapshot[] = positions;
  const options = precision ? { precision } : {};
  return (await evaluator.evaluateSnapshots(snapshots, options)).map(({ value }) => value);
}

describe('GamePrecision', () => {
  it('keeps float32 to the end of the game that began in it, and begins the next in eight bits', async () => {
    let game = new GamePrecision('auto');
    const evaluator = new RemoteEvaluator(server.connection, { precision: () => game });
    const exact = await values(evaluator);
    expect(game.answered).toBe('fp32');
    await serve('int8');
    expect(await values(evaluator)).toEqual(exact);
    game = new GamePrecision('auto');
    const quantized = await values(evaluator);
    expect(game.answered).toBe('int8');
    expect(quantized).not.toEqual(exact);
    expect(await values(evaluator)).toEqual(quantized);
    game = new GamePrecision('fp32');
    expect(await values(evaluator)).toEqual(exact);
    evaluator.close();
  });

  it('keeps the precisions of two games apart that ask in the same turn', async () => {
    const [old, young] = [new GamePrecision('auto'), new GamePrecision('auto')];
    const evaluator = new RemoteEvaluator(server.connection);
    const exact = await values(evaluator, old);
    await serve('int8');
    const [ofOld, ofYoung] = await Promise.all([values(evaluator, old), values(evaluator, young)]);
    expect(ofOld).toEqual(exact);
    expect(ofYoung).not.toEqual(exact);
    expect([old.answered, young.answered]).toEqual(['fp32', 'int8']);
    evaluator.close();
  });
});

describe('Evaluate', () => {
  async function ask(precision: Precision, count = positions.length) {
    const request = EvaluateRequest.create({
      requestId: 1,
      positions: Array.from({ length: count }, (_, i) => positionToWire(positions[i % positions.length]!)),
      precision,
    });
    const client = server.connection.client(EvaluatorServiceDefinition);
    const requests = new MessageQueue<EvaluateRequest>();
    requests.push(request);
    requests.end();
    for await (const answer of client.evaluate(requests)) return answer;
    throw new Error('no answer');
  }

  it('says the precision that answered, also where an answer is written in pieces', async () => {
    await serve('int8');
    for (const count of [8, 300]) {
      const asked = [Precision.UNSPECIFIED, Precision.AUTO, Precision.FP32];
      const answers = await Promise.all(asked.map((precision) => ask(precision, count)));
      expect(answers.map(({ precision }) => precision)).toEqual([Precision.INT8, Precision.INT8, Precision.FP32]);
      expect(answers.map(({ evaluations }) => evaluations.length)).toEqual([count, count, count]);
    }
  });

  it('refuses a precision that nobody can ask for', async () => {
    const { error, precision } = await ask(Precision.INT8);
    expect(error?.message).toBe('precision is 3; it must be 1 (auto) or 2 (fp32)');
    expect(precision).toBe(Precision.UNSPECIFIED);
  });
});
