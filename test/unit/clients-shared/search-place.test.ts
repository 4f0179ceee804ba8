import { createServer } from 'nice-grpc';
import { pino, type Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { startDelayProxy } from '../../../bench/shared/delay-proxy.js';
import { Connection } from '../../../clients/shared/connection.js';
import { findPlace } from '../../../clients/shared/search-place.js';
import { readConfig } from '../../../src/core/config.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { evaluatorService, makeEvaluatorService } from '../../../src/server/services/evaluator-service.js';
import { startEvaluationServer } from '../../support/evaluation-server.js';
import { MemoryModels, tinyModel } from '../../support/served-models.js';

const size = 5;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1');

/** What was decided and said of a server behind a proxy that holds everything for a while. */
async function placeBehind(address: string, delayMs: number): Promise<readonly [string, Record<string, unknown>]> {
  const proxy = await startDelayProxy(address, delayMs);
  const connection = new Connection({ address: proxy.address });
  const said: string[] = [];
  const log: Logger = pino({}, { write: (line: string) => void said.push(line) });
  const place = await findPlace({ asked: 'auto', connection, model: '', size, log });
  connection.close();
  proxy.close();
  return [place, JSON.parse(said[0]!) as Record<string, unknown>];
}

describe('where to search', () => {
  it('is the server where it is far away, which the log says', async () => {
    const server = await startEvaluationServer(models);
    const [place, said] = await placeBehind(server.address, 25);
    expect(place).toBe('server');
    expect(said).toMatchObject({ search: 'server', msg: 'where the search runs' });
    expect(said['roundTripMs']).toBeGreaterThanOrEqual(49);
    await server.close();
  });

  it('is here where an old server has no searches, or cannot be asked', async () => {
    const evaluator = new Evaluator(models, readConfig(evaluatorSchema, {}));
    const old = createServer();
    old.add(evaluatorService, makeEvaluatorService(evaluator, pino({ level: 'silent' })));
    const port = await old.listen('127.0.0.1:0');
    const [place, said] = await placeBehind(`127.0.0.1:${port}`, 25);
    expect([place, said['search']]).toEqual(['local', 'local']);
    expect(said['refusal']).toMatch(/implement/);
    old.forceShutdown();
    await evaluator.close();
    const [none, why] = await placeBehind('127.0.0.1:1', 0);
    expect([none, typeof why['reason']]).toEqual(['local', 'string']);
  });

  it('is what was asked for', async () => {
    const connection = new Connection({ address: '127.0.0.1:1' });
    const options = { connection, model: '', size, log: pino({ level: 'silent' }) };
    expect(await findPlace({ ...options, asked: 'local' })).toBe('local');
    expect(await findPlace({ ...options, asked: 'server' })).toBe('server');
    connection.close();
  });
});
