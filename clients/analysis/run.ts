/** The analysis engine as a whole: JSON on two streams, the server behind it. `tengen analysis` and the bundle both come here. */

import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Logger } from 'pino';
import { readConfig } from '../../src/core/config.js';
import type { AppError } from '../../src/core/errors.js';
import { packageVersion } from '../../src/core/version.js';
import { LineReader } from '../shared/lines.js';
import { askModel, ModelWatch, type ModelFacts } from '../shared/model-watch.js';
import { stderrLog, writeText } from '../shared/standard-streams.js';
import { Connection, readFor, type ConnectionOptions } from '../shared/connection.js';
import type { SearchPlace } from '../shared/game-thinker.js';
import { startLineGateway } from '../shared/line-gateway.js';
import { findPlace } from '../shared/search-place.js';
import { ServerThinker } from '../shared/server-thinker.js';
import { RemoteEvaluator } from '../shared/remote-evaluator.js';
import { analysisSchema, type AnalysisConfig } from './config.js';
import { AnalysisEngine } from './engine.js';
import { SearchSlots } from './search-slots.js';

/** Where the server is, how to analyse, and the streams to talk JSON on. */
export interface RunAnalysisOptions extends ConnectionOptions, Partial<AnalysisConfig> {
  /** name, name@version, or empty for the promoted one. */
  readonly model?: string;
  readonly input: Readable;
  /** Nothing but answers is written to it. */
  readonly output: Writable;
  /** Gives up what is not done, and ends. */
  readonly signal: AbortSignal;
  /** Where warnings go; stderr if left out. */
  readonly log?: Logger;
}

/** A query is one line: a long game with restricted moves has some tens of thousands of characters. */
const maxLineLength = 4 * 1024 * 1024;

/**
 * Answers queries until the end of the input, or `signal`. The server need not be there: queries that need it are
 * answered with an error until it is.
 *
 * @throws AppError 'invalid-argument' for settings out of range
 */
export async function runAnalysis(options: RunAnalysisOptions): Promise<void> {
  const { input, output, model = '', signal } = options;
  const log = options.log ?? stderrLog('tengen-analysis');
  const given = Object.entries(options).filter(([key]) => Object.hasOwn(analysisSchema, key));
  const config = readConfig(analysisSchema, Object.fromEntries(given));
  const connection = new Connection(options);
  const patienceMs = config.patience * 1000;
  const evaluators = [false, true].map(
    (ownership) => new RemoteEvaluator(connection, { model, priority: 'interactive', ownership, patienceMs }),
  );
  let place: Promise<SearchPlace> = Promise.resolve('local');
  const ended = new AbortController();
  const onTrouble = (error: AppError): void => log.warn({ kind: error.kind, reason: error.message }, 'server trouble');
  const watch = new ModelWatch(
    (end) => askModel(connection, model, end),
    (facts) => {
      log.info({ model: facts.ref, sizes: facts.sizes, address: options.address }, 'connected');
      place = findPlace({ asked: config.search, connection, log });
    },
    onTrouble,
    AbortSignal.any([signal, ended.signal]),
  );
  const slots = new SearchSlots(config.positions);
  const converse = (lines: LineReader, write: (line: string) => Promise<void>, end: AbortSignal): Promise<void> =>
    new AnalysisEngine({
      config,
      version: packageVersion,
      slots,
      evaluatorFor: (ownership) => evaluators[ownership ? 1 : 0]!,
      remote: async ({ precision, tuning }) => {
        if ((await place) === 'local') return undefined;
        const game = { precision: () => precision, tuning: () => tuning };
        return new ServerThinker({
          connection,
          model,
          patienceMs,
          onTrouble,
          network: true,
          hasElsewhere: config.search === 'auto',
          ...game,
        });
      },
      model: (): Promise<ModelFacts> => watch.known(patienceMs),
      warnsInAnswers: config.listen !== '',
      write,
      onTrouble,
    }).run(lines, end);
  try {
    if (config.listen === '') {
      await converse(new LineReader(input, maxLineLength), (line) => writeText(output, line), signal);
    } else await listen(config, converse, { log, signal });
  } finally {
    ended.abort();
    for (const evaluator of evaluators) evaluator.close();
    connection.close();
    input.destroy();
  }
}

/** Serves whoever connects until `signal`. */
async function listen(
  { listen: address, listenCert: cert, listenKey: key, listenTokenFile, connections }: AnalysisConfig,
  converse: (lines: LineReader, write: (line: string) => Promise<void>, end: AbortSignal) => Promise<void>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const token = listenTokenFile === '' ? '' : readFor('listen-token-file', listenTokenFile).toString().trim();
  const gateway = await startLineGateway(
    { listen: address, cert, key, token, maxConnections: connections, maxLineLength },
    ({ lines, write, signal: end }) => converse(lines, write, end),
  );
  log.info({ url: gateway.url, token: token !== '' }, 'programs connect here');
  if (!signal.aborted) await once(signal, 'abort');
  await gateway.close();
}
