/** Where to search: here, with every evaluation asked of the server, or on the server, where no evaluation has a way to go. */

import type { Logger } from 'pino';
import { AppError } from '../../src/core/errors.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { Rng } from '../../src/core/rng.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import { AccessServiceDefinition } from '../../src/proto/tengen/v1/access.js';
import { SearchServiceDefinition, type SearchRequest } from '../../src/proto/tengen/v1/search.js';
import type { Connection } from './connection.js';
import type { SearchPlace } from './game-thinker.js';
import { RemoteEvaluator } from './remote-evaluator.js';
import { fromCall } from './status.js';

/** What may be asked for. */
export const searchPlaces = ['auto', 'local', 'server'] as const;

/** Meaning of the setting, for help texts and docs/config.md. */
export const searchPlaceDoc =
  'Where the search runs: local (in this program, which asks the server for every evaluation), server (on the server, which needs a connection only for the reports), or auto, which is the server where the round trip would cost more than a tenth of the speed.';

/** Share of the time of an evaluation that the way there and back may have in a search of one's own. */
const MOST_SHARE = 0.1;
/** A round trip so short costs nothing that is worth a measurement, in milliseconds. */
const SHORT_MS = 1;
/** Each is measured so often, and the shortest time counts. */
const ATTEMPTS = 2;
/** Positions evaluated at once: about what a core computes in one batch. */
const POSITIONS = 16;
/** Random moves of these positions, so that no cache has them. */
const MOVES = 8;

/** What the server is asked about. */
export interface PlaceOptions {
  readonly asked: (typeof searchPlaces)[number];
  readonly connection: Connection;
  readonly model: string;
  /** Points on a side of a board that the model plays. */
  readonly size: number;
  readonly log: Logger;
}

/** Finds out where to search, and logs it. Never rejects: where a measurement fails the search is here, as it always was. */
export async function findPlace({ asked, log, ...options }: PlaceOptions): Promise<SearchPlace> {
  if (asked !== 'auto') return asked;
  try {
    const roundTripMs = await shortest(() => callOnce(options.connection));
    if (roundTripMs < SHORT_MS) return chosen(log, 'local', { roundTripMs });
    const evaluationMs = await timeEvaluations(options);
    const facts = { roundTripMs, evaluationMs };
    if (roundTripMs <= MOST_SHARE * Math.max(roundTripMs, evaluationMs)) return chosen(log, 'local', facts);
    const refusal = await whyNotThere(options.connection);
    return chosen(log, refusal === undefined ? 'server' : 'local', { ...facts, ...(refusal && { refusal }) });
  } catch (error) {
    return chosen(log, 'local', { reason: AppError.from(error).message });
  }
}

function chosen(log: Logger, search: SearchPlace, facts: Readonly<Record<string, number | string>>): SearchPlace {
  const shown = Object.entries(facts).map(([name, value]) => {
    return [name, typeof value === 'number' ? Number(value.toPrecision(3)) : value] as const;
  });
  log.info({ search, ...Object.fromEntries(shown) }, 'where the search runs');
  return search;
}

/** A call that costs the server nothing; an old server's refusal takes as long. */
async function callOnce(connection: Connection): Promise<void> {
  await connection
    .client(AccessServiceDefinition)
    .getCaller({})
    .catch((thrown: unknown) => {
      const error = fromCall(thrown);
      if (error.kind === 'unavailable') throw error;
    });
}

async function timeEvaluations({ connection, model, size }: Omit<PlaceOptions, 'asked' | 'log'>): Promise<number> {
  const rng = new Rng(Date.now());
  const evaluator = new RemoteEvaluator(connection, { model, priority: 'interactive' });
  try {
    return await shortest(() =>
      evaluator.evaluate(Array.from({ length: POSITIONS }, () => strangePosition(size, rng))),
    );
  } finally {
    evaluator.close();
  }
}

function strangePosition(size: number, rng: Rng): Position {
  const position = new Position(size, defaultRules(size));
  for (let move = 0; move < MOVES; move++) position.tryPlay(rng.int(size * size));
  return position;
}

/** Why the server does not search for us; undefined if it does. */
async function whyNotThere(connection: Connection): Promise<string | undefined> {
  try {
    const nothing = new MessageQueue<SearchRequest>();
    nothing.end();
    await connection.client(SearchServiceDefinition).search(nothing)[Symbol.asyncIterator]().next();
    return undefined;
  } catch (error) {
    return fromCall(error).message;
  }
}

/** Milliseconds of the fastest of some attempts. */
async function shortest(work: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}
