/** The server process of the self-play benchmarks: the server as it is, recording, told when to stop. */

import { loadServerConfig } from '../../src/server/config.js';
import { startServer } from '../../src/server/server.js';
import { record } from './recording.js';

await record('server', async (stop) => {
  const flags = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>;
  const server = await startServer(loadServerConfig({ flags: { ...flags, port: 0, page: false, logLevel: 'error' } }));
  process.send?.(server.address);
  await stop;
  await server.close();
});
