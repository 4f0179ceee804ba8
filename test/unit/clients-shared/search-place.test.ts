import { createServer } from 'nice-grpc';
import { pino, type Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../../clients/shared/connection.js';
import { findPlace } from '../../../clients/shared/search-place.js';
import { readConfig } from '../../../src/core/config.js';
import { MessageQueue } from '../../../src/core/message-queue.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { Precision } from '../../../src/proto/tengen/v1/precision.js';
import { SearchServiceDefinition, type SearchRequest } from '../../../src/proto/tengen/v1/search.js';
import { evaluatorService, makeEvaluatorService } from '../../../src/server/services/evaluator-service.js';
import { startEvaluationServer } from '../../support/evaluation-server.js';
import { MemoryModels, tinyModel } from '../../support/served-models.js';

const size = 5;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1');

/** What was decided and said of a server. */
async function placeAt(address: string): Promise<readonly [string, Record<string, unknown>]> {
  const connection = new Connection({ address });
  const said: string[] = [];
  const log: Logger = pino({}, { write: (line: string) => void said.push(line) });
  const place = await findPlace({ asked: 'auto', connection, log });
  connection.close();
  return [place, JSON.parse(said[0]!) as Record<string, unknown>];
}

describe('where to search', () => {
  it('is the server where the server searches, which the log says', async () => {
    const server = await startEvaluationServer(models);
    const [place, said] = await placeAt(server.address);
    expect(place).toBe('server');
    expect(said).toMatchObject({ search: 'server', msg: 'where the search runs' });
    await server.close();
  });

  it('is here where an old server has no searches, or cannot be asked', async () => {
    const evaluator = new Evaluator(models, readConfig(evaluatorSchema, {}));
    const old = createServer();
    old.add(evaluatorService, makeEvaluatorService(evaluator, pino({ level: 'silent' })));
    const port = await old.listen('127.0.0.1:0');
    const [place, said] = await placeAt(`127.0.0.1:${port}`);
    expect([place, said['search']]).toEqual(['local', 'local']);
    expect(said['reason']).toMatch(/implement/);
    old.forceShutdown();
    await evaluator.close();
    const [none, why] = await placeAt('127.0.0.1:1');
    expect([none, typeof why['reason']]).toEqual(['local', 'string']);
  });

  it('is here where the server has no room for another game', async () => {
    const server = await startEvaluationServer(models, {}, { search: { searchGames: 1 } });
    const connection = new Connection({ address: server.address });
    const requests = new MessageQueue<SearchRequest>();
    const first = connection.client(SearchServiceDefinition).search(requests)[Symbol.asyncIterator]();
    const setup = { size, rules: undefined, black: [], white: [], toMove: 1 as const, moves: [] };
    const value = { model: '', precision: Precision.UNSPECIFIED, ...setup };
    requests.push({ requestId: 1n, stop: false, request: { $case: 'newGame', value } });
    await first.next();
    const [place, said] = await placeAt(server.address);
    expect(place).toBe('local');
    expect(said['reason']).toMatch(/games open for searches/);
    requests.end();
    connection.close();
    await server.close();
  });

  it('is what was asked for', async () => {
    const connection = new Connection({ address: '127.0.0.1:1' });
    const options = { connection, log: pino({ level: 'silent' }) };
    expect(await findPlace({ ...options, asked: 'local' })).toBe('local');
    expect(await findPlace({ ...options, asked: 'server' })).toBe('server');
    connection.close();
  });
});
