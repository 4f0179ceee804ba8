/** `tengen serve`: the central server. The only command that loads it, and only when it runs. */

import { loadServerConfig, serverSchema } from '../../../src/server/config.js';
import { command, jsonFlag } from '../command.js';
import { profiled, profileFlag } from '../profile-file.js';
import { givenSettings, schemaFlags } from '../schema-flags.js';

export const serveCommand = command({
  name: 'serve',
  usage: '',
  summary: 'run the server: evaluates positions, leases self-play, runs training jobs',
  details: `
  Every setting can also come from a TENGEN_… variable (TENGEN_DATA_DIR) or the JSON file of --config; flags go first.
  The server listens on this machine only; elsewhere it wants a token and TLS, or --insecure.`,
  flags: {
    ...jsonFlag,
    ...profileFlag,
    config: { type: 'string', value: 'FILE', doc: 'a JSON file with settings by name' },
    ...schemaFlags(serverSchema),
  },
  async run({ flags, signal }) {
    const config = loadServerConfig({
      flags: givenSettings(serverSchema, flags),
      env: process.env,
      file: flags.config,
    });
    const { startServer } = await import('../../../src/server/server.js');
    await profiled(flags.profile, 'server', async () => {
      const server = await startServer(config);
      const { address, page } = server;
      const lines = [`Listening on ${address}`, ...(page === undefined ? [] : [`The page is at ${page}`])];
      process.stdout.write(`${flags.json ? JSON.stringify({ address, page }) : lines.join('\n')}\n`);
      // Told to stop while starting, it stops at once.
      if (!signal.aborted) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      }
      await server.close();
    });
    return 0;
  },
});
