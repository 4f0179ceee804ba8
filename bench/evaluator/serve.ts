/** The server process: the real service and middleware over the real evaluator, its cache off. */

import { createServer } from 'nice-grpc';
import { readConfig } from '../../src/core/config.js';
import { evaluatorSchema } from '../../src/evaluator/config.js';
import { Evaluator } from '../../src/evaluator/evaluator.js';
import { quantize } from '../../src/evaluator/quantization/quantize.js';
import { Callers } from '../../src/server/access/callers.js';
import { evaluatorService, makeEvaluatorService } from '../../src/server/services/evaluator-service.js';
import { makeLogger } from '../../src/server/logger.js';
import { authenticate, endWithServer, translateErrors } from '../../src/server/transport/middleware.js';
import { Stopping } from '../../src/server/transport/stopping.js';
import { cpuMicros, makeModelFile, readSetup } from './setup.js';

const setup = readSetup(process.argv.slice(2));
const file = makeModelFile(setup);
const engine = { engine: 'onnxruntime', provider: 'cpu' } as const;
const quantization =
  setup.int8 === 1 ? await quantize({ file, positions: [], engine, seed: 1 }, new AbortController().signal) : undefined;
const source = {
  resolve: () => Promise.resolve('bench@1'),
  read: () => Promise.resolve(file),
  ranges: () => Promise.resolve(quantization?.ranges),
};
const config = readConfig(evaluatorSchema, { threads: setup.threads, maxBatch: setup.batch, cacheMegabytes: 0 });
const evaluator = new Evaluator(source, config);
await evaluator.describe('');
const logger = makeLogger('error');
const server = createServer()
  .use(translateErrors(logger))
  .use(authenticate(new Callers('secret')))
  .use(endWithServer(new Stopping()));
server.add(evaluatorService, makeEvaluatorService(evaluator, logger));
const port = await server.listen('127.0.0.1:0');

process.on('message', () =>
  process.send?.({ ...evaluator.metrics(), cpuMicros: cpuMicros(), rssBytes: process.memoryUsage.rss() }),
);
process.on('disconnect', () => process.exit());
process.send?.(`127.0.0.1:${port}`);
