/** The page's way to the searches of the server. */

import type { SearchConnection } from '../shared/search-link.js';
import type { Calls } from './calls.js';

/** As a search link needs it. */
export function searchConnection(calls: Calls): SearchConnection {
  return {
    client: (definition) => ({
      search: (requests, options) => calls.exchange(definition, definition.methods.search, requests, options),
    }),
  };
}
