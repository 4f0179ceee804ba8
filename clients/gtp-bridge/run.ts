/** The bridge as a whole: GTP on two streams, the server behind it. `tengen gtp` and the bundle both come here. */

import type { Readable, Writable } from 'node:stream';
import type { Logger } from 'pino';
import { AppError } from '../../src/core/errors.js';
import { readConfig } from '../../src/core/config.js';
import { packageVersion } from '../../src/core/version.js';
import { Connection, type ConnectionOptions } from '../shared/connection.js';
import { PlacedThinker, type SearchPlace } from '../shared/game-thinker.js';
import { findPlace } from '../shared/search-place.js';
import { ServerThinker } from '../shared/server-thinker.js';
import { GamePrecision } from '../shared/game-precision.js';
import { LineReader } from '../shared/lines.js';
import { askModel, ModelWatch } from '../shared/model-watch.js';
import { RemoteEvaluator } from '../shared/remote-evaluator.js';
import { isBrokenPipe, stderrLog, writeText } from '../shared/standard-streams.js';
import { bridgeSchema, type BridgeConfig } from './config.js';
import { runLoop } from './engine.js';
import { Session } from './session.js';
import { commandTable } from './table.js';

/** Where the server is, how to play, and the streams to talk GTP on. */
export interface RunGtpOptions extends ConnectionOptions, Partial<BridgeConfig> {
  /** name, name@version, or empty for the promoted one. */
  readonly model?: string;
  readonly input: Readable;
  /** Nothing but GTP is written to it. */
  readonly output: Writable;
  /** Ends the conversation. */
  readonly signal: AbortSignal;
  /** Where warnings go; stderr if left out. */
  readonly log?: Logger;
}

/**
 * Talks GTP until `quit`, the end of the input, or `signal`. The server need not be there: commands that need it are
 * answered `?` until it is.
 *
 * @throws AppError 'invalid-argument' for settings out of range
 */
export async function runGtp(options: RunGtpOptions): Promise<void> {
  const { input, output, model = '' } = options;
  const log = options.log ?? stderrLog('tengen-gtp');
  const config = readConfig(bridgeSchema, pickSettings(options));
  const connection = new Connection(options);
  const patienceMs = config.patience * 1000;
  const evaluatorIn = (precision: () => GamePrecision, ownership: boolean): RemoteEvaluator =>
    new RemoteEvaluator(connection, {
      model,
      priority: 'interactive',
      precision,
      ownership,
      patienceMs,
      maxPositions: 8,
    });
  const ofGame = [false, true].map((ownership) => evaluatorIn(() => session.precision, ownership));
  const exactEvaluator = evaluatorIn(() => new GamePrecision('fp32'), true);
  let place: Promise<SearchPlace> = Promise.resolve('local');
  const ended = new AbortController();
  const onTrouble = (error: AppError): void => log.warn({ kind: error.kind, reason: error.message }, 'server trouble');
  const session: Session = new Session({
    version: packageVersion,
    config,
    evaluatorFor: (ownership) => ofGame[ownership ? 1 : 0]!,
    exactEvaluator,
    onTrouble,
    onNote: (note) => log.warn({ note }, 'passed over or guessed in a file'),
    placed: (thinker) => {
      const elsewhere = { connection, model, patienceMs, onTrouble };
      const [tuning, precision] = [() => session.tuning, () => session.precision];
      const hasElsewhere = config.search === 'auto';
      const server = new ServerThinker({ ...elsewhere, tuning, precision, hasElsewhere });
      return new PlacedThinker(() => place, { local: thinker, server }, hasElsewhere ? onTrouble : undefined);
    },
  });
  const watch = new ModelWatch(
    (signal) => askModel(connection, model, signal),
    (facts) => {
      session.setSizes(facts.sizes);
      session.tellsRules = facts.tellsRules;
      session.katagoVersion = facts.katagoVersion;
      session.model = facts.ref;
      session.servedPrecision = facts.precision;
      place = findPlace({ asked: config.search, connection, log });
      const { ref, sizes } = facts;
      const precision = config.precision === 'fp32' ? 'fp32' : facts.precision;
      log.info({ model: ref, sizes, precision, address: options.address }, 'connected');
    },
    onTrouble,
    AbortSignal.any([options.signal, ended.signal]),
  );
  try {
    await runLoop(
      commandTable(session, () => watch.ready()),
      {
        lines: new LineReader(input),
        write: (text) => writeText(output, text),
        onError: (error, { name }) => report(log, error, name),
        idle: (moreInput) => session.ponder(moreInput),
        signal: options.signal,
      },
    );
  } catch (error) {
    // Whoever read our answers is gone: nothing is left to say, and nobody to say it to.
    if (!isBrokenPipe(error)) throw error;
  } finally {
    ended.abort();
    session.thinker.clear();
    for (const evaluator of [...ofGame, exactEvaluator]) evaluator.close();
    connection.close();
    // Otherwise an open stdin would keep the process alive after `quit`.
    input.destroy();
  }
}

function pickSettings(options: RunGtpOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => Object.hasOwn(bridgeSchema, key)));
}

function report(log: Logger, thrown: unknown, command: string): void {
  const error = AppError.from(thrown);
  // Refusals are part of the conversation; only what the user could not have avoided is logged.
  if (error.kind === 'internal') log.error({ command, err: thrown }, 'command failed');
  else if (error.kind !== 'invalid-argument')
    log.warn({ command, kind: error.kind, reason: error.message }, 'command refused');
}
