/** Where to search: on the server, where no evaluation has a way to go, or here, with every evaluation asked of the server. */

import type { Logger } from 'pino';
import { MessageQueue } from '../../src/core/message-queue.js';
import { SearchServiceDefinition, type SearchRequest } from '../../src/proto/tengen/v1/search.js';
import type { SearchPlace } from './game-thinker.js';
import type { SearchConnection } from './search-link.js';
import { fromCall } from './status.js';

/** What may be asked for. */
export const searchPlaces = ['auto', 'local', 'server'] as const;

/** Meaning of the setting, for help texts and docs/config.md. */
export const searchPlaceDoc =
  'Where the search runs: local (in this program, which asks the server for every evaluation), server (on the server, which needs a connection only for the reports), or auto, which is the server where the server searches for this client, and else local.';

/** What the server is asked about. */
export interface PlaceOptions {
  readonly asked: (typeof searchPlaces)[number];
  readonly connection: SearchConnection;
  readonly log: Pick<Logger, 'info'>;
}

/**
 * Finds out where to search, and logs it. The messages of a search of one's own cost a tenth of its speed and more at every
 * distance, loopback included (docs/decisions/0012), so `auto` is the server wherever the server searches for us. Never rejects:
 * where the server cannot be asked the search is here.
 */
export async function findPlace({ asked, connection, log }: PlaceOptions): Promise<SearchPlace> {
  if (asked !== 'auto') return asked;
  const reason = await whyNotThere(connection);
  const search = reason === undefined ? 'server' : 'local';
  log.info({ search, ...(reason !== undefined && { reason }) }, 'where the search runs');
  return search;
}

/** Why the server does not search for us; undefined if it does. */
async function whyNotThere(connection: SearchConnection): Promise<string | undefined> {
  try {
    const nothing = new MessageQueue<SearchRequest>();
    nothing.end();
    const { signal } = new AbortController();
    await connection.client(SearchServiceDefinition).search(nothing, { signal })[Symbol.asyncIterator]().next();
    return undefined;
  } catch (error) {
    return fromCall(error).message;
  }
}
