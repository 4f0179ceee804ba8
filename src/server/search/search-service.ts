/** SearchService: games that clients search where the network is. */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import type { Logger } from 'pino';
import { SearchServiceDefinition, type SearchRequest } from '../../proto/tengen/v1/search.js';
import { callFacts } from '../access/quotas.js';
import type { Parts } from '../parts.js';
import { answeredInBytes } from '../transport/answers.js';
import { service, type Service } from '../transport/service.js';
import { SearchGames } from './search-games.js';
import { SearchStream } from './search-stream.js';

/** Milliseconds after which the search of a client who reads nothing ends. */
const STALL_MS = 30_000;

/** SearchService with the answers as bytes, as the threads write them. */
export const searchService = answeredInBytes(SearchServiceDefinition, 'search');

/** The games of a server. */
export function openSearchGames({ evaluator, callers, quotas, config, logger }: Parts): SearchGames {
  return new SearchGames({ evaluator, callers, quotas, config, logger });
}

export function composeSearch({ logger }: Parts, games: SearchGames): Service {
  return service(searchService, makeSearchService(games, logger));
}

/** Makes the service. */
export function makeSearchService(
  games: SearchGames,
  logger: Logger,
  stallMs = STALL_MS,
): ServiceImplementation<typeof searchService> {
  return {
    async *search(requests: AsyncIterable<SearchRequest>, context: CallContext) {
      const game = games.open(callFacts(context));
      yield* new SearchStream({ game, logger, stallMs }).run(requests, context.signal);
    },
  };
}
