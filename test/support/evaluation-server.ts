/** A real gRPC server on loopback with the evaluator's two services over small models. */

import { createServer } from 'nice-grpc';
import { pino } from 'pino';
import { Connection } from '../../clients/shared/connection.js';
import { readConfig } from '../../src/core/config.js';
import { evaluatorSchema } from '../../src/evaluator/config.js';
import { Evaluator } from '../../src/evaluator/evaluator.js';
import type { ModelSource } from '../../src/evaluator/model-source.js';
import { GRPCInferenceServiceDefinition } from '../../src/proto/inference/grpc_service.js';
import { EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { makeEvaluatorService } from '../../src/server/evaluator-service.js';
import { makeInferenceService } from '../../src/server/inference-service.js';
import { translateErrors } from '../../src/server/middleware.js';

/** What a test talks to. */
export interface EvaluationServer {
  readonly evaluator: Evaluator;
  readonly connection: Connection;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function startEvaluationServer(
  models: ModelSource,
  settings: Record<string, unknown> = {},
): Promise<EvaluationServer> {
  const evaluator = new Evaluator(models, readConfig(evaluatorSchema, { cacheMegabytes: 0, ...settings }));
  const logger = pino({ level: 'silent' });
  const server = createServer().use(translateErrors(logger));
  server.add(EvaluatorServiceDefinition, makeEvaluatorService(evaluator, logger));
  server.add(GRPCInferenceServiceDefinition, makeInferenceService(evaluator, { serverVersion: '1.2.3' }));
  const port = await server.listen('127.0.0.1:0');
  const connection = new Connection({ address: `127.0.0.1:${String(port)}` });
  return {
    evaluator,
    connection,
    async close() {
      connection.close();
      server.forceShutdown();
      await evaluator.close();
    },
  };
}
