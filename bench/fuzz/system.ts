/** Small questions to the system. */

import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The file of the store that was written last. */
export async function newestBlob(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'blobs');
  const paths = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  const files = await Promise.all(paths.map(async (path) => ({ path, stats: await stat(path) })));
  const written = files.filter(({ stats }) => stats.isFile()).toSorted((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
  return written[0]!.path;
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
