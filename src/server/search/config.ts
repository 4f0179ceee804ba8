/** Settings of the searches that a server makes for its clients. */

import { integer, type ConfigOf } from '../../core/config.js';
import { MOST_THREADS } from '../../evaluator/config.js';
import { physicalCores } from '../../evaluator/physical-cores.js';

export const searchSchema = {
  searchThreads: {
    ...integer(
      Math.min(MOST_THREADS, physicalCores()),
      1,
      MOST_THREADS,
      'Worker threads that search for clients (SearchService).',
    ),
    defaultName: "the machine's physical cores",
  },
  searchGames: integer(
    64,
    1,
    1024,
    'Games that one client may have open for searches at once; each game has at most one search at a time.',
  ),
  searchMegabytes: integer(2048, 16, 1_048_576, 'Memory for the search trees of all clients, in MiB.'),
  searchClientMegabytes: integer(
    1536,
    16,
    1_048_576,
    'Memory for the search trees of one client, in MiB; a search gets as many visits as fit in half of what is left.',
  ),
  searchSeconds: integer(3600, 1, 86_400, 'Seconds after which the server ends a search.'),
} as const;

/** See `searchSchema`. */
export type SearchConfig = ConfigOf<typeof searchSchema>;
