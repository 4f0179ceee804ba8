/** Where the code of a worker thread is. */

import './environment.js';

/**
 * The URL of a worker thread's built JavaScript next to the calling module. Node cannot start a thread from a .ts
 * file, so when the caller runs from source (tests), the file under dist/ is meant: build first.
 *
 * @param importMetaUrl the caller's `import.meta.url`
 * @param relative the thread's file relative to the caller, ending in `.js`
 */
export function threadUrl(importMetaUrl: string, relative: string): URL {
  const url = new URL(relative, importMetaUrl);
  if (!new URL(importMetaUrl).pathname.endsWith('.ts')) return url;
  // The source tree's top folder is the last `src` or `clients` in the path.
  url.pathname = url.pathname.replace(/^(.*)\/(src|clients|test)\//, '$1/dist/$2/');
  return url;
}
