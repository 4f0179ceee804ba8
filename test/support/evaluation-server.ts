/** A real gRPC server on loopback with the evaluator's services and the searches over small models. */

import { createServer } from 'nice-grpc';
import { pino } from 'pino';
import { Connection } from '../../clients/shared/connection.js';
import { readConfig } from '../../src/core/config.js';
import { evaluatorSchema } from '../../src/evaluator/config.js';
import { Evaluator } from '../../src/evaluator/evaluator.js';
import type { ServedModels } from '../../src/evaluator/model-source.js';
import { Callers } from '../../src/server/access/callers.js';
import { evaluatorService, makeEvaluatorService } from '../../src/server/services/evaluator-service.js';
import { SearchGames } from '../../src/server/search/search-games.js';
import { searchSchema } from '../../src/server/search/config.js';
import { makeSearchService, searchService } from '../../src/server/search/search-service.js';
import { inferenceService } from '../../src/server/services/infer-message.js';
import { makeInferenceService } from '../../src/server/services/inference-service.js';
import { authenticate, translateErrors } from '../../src/server/transport/middleware.js';
import { Quotas, readQuotas } from '../../src/server/access/quotas.js';
import { ThreadPool } from '../../src/threads/pool.js';

/** What a test talks to. */
export interface EvaluationServer {
  readonly evaluator: Evaluator;
  readonly connection: Connection;
  readonly address: string;
  readonly quotas: Quotas;
  readonly games: SearchGames;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function startEvaluationServer(
  models: ServedModels,
  settings: Record<string, unknown> = {},
  limits: {
    readonly tokens?: string;
    readonly quotas?: string;
    readonly now?: () => number;
    readonly search?: Record<string, unknown>;
    readonly stallMs?: number;
  } = {},
): Promise<EvaluationServer> {
  const evaluator = new Evaluator(models, readConfig(evaluatorSchema, { cacheMegabytes: 0, ...settings }));
  const logger = pino({ level: 'silent' });
  const callers = new Callers('', limits.tokens);
  const quotas = new Quotas(callers, readQuotas(limits.quotas ?? ''), limits.now);
  const server = createServer().use(translateErrors(logger)).use(authenticate(callers));
  server.add(evaluatorService, makeEvaluatorService(evaluator, logger, quotas));
  const config = readConfig(searchSchema, limits.search ?? {});
  const games = new SearchGames({ evaluator, callers, quotas, config, logger });
  server.add(searchService, makeSearchService(games, logger, limits.stallMs));
  const messages = new ThreadPool({ name: 'messages', threads: 1, waiting: 0 });
  server.add(inferenceService, makeInferenceService(evaluator, { serverVersion: '1.2.3', quotas, messages }));
  const port = await server.listen('127.0.0.1:0');
  const address = `127.0.0.1:${String(port)}`;
  const connection = new Connection({ address });
  return {
    evaluator,
    connection,
    address,
    quotas,
    games,
    async close() {
      connection.close();
      server.forceShutdown();
      await messages.close();
      await games.close();
      await evaluator.close();
    },
  };
}
