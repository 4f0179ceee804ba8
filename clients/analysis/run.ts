/** The analysis engine as a whole: JSON on two streams, the server behind it. `tengen analysis` and the bundle both come here. */

import type { Readable, Writable } from 'node:stream';
import type { Logger } from 'pino';
import { readConfig } from '../../src/core/config.js';
import type { AppError } from '../../src/core/errors.js';
import { packageVersion } from '../../src/core/version.js';
import { LineReader } from '../shared/lines.js';
import { askModel, ModelWatch, type ModelFacts } from '../shared/model-watch.js';
import { stderrLog, writeText } from '../shared/standard-streams.js';
import { Connection, type ConnectionOptions } from '../shared/connection.js';
import type { SearchPlace } from '../shared/game-thinker.js';
import { findPlace } from '../shared/search-place.js';
import { ServerThinker } from '../shared/server-thinker.js';
import { RemoteEvaluator } from '../shared/remote-evaluator.js';
import { analysisSchema, type AnalysisConfig } from './config.js';
import { AnalysisEngine } from './engine.js';

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
  const engine = new AnalysisEngine({
    config,
    version: packageVersion,
    evaluatorFor: (ownership) => evaluators[ownership ? 1 : 0]!,
    remote: async ({ precision, tuning }) => {
      if ((await place) === 'local') return undefined;
      const game = { precision: () => precision, tuning: () => tuning };
      return new ServerThinker({ connection, model, patienceMs, onTrouble, network: true, ...game });
    },
    model: (): Promise<ModelFacts> => watch.known(patienceMs),
    write: (line) => writeText(output, line),
    onTrouble,
  });
  try {
    await engine.run(new LineReader(input, maxLineLength), signal);
  } finally {
    ended.abort();
    for (const evaluator of evaluators) evaluator.close();
    connection.close();
    input.destroy();
  }
}
