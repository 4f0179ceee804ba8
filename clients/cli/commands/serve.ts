/** `tengen serve`: the central server. The only command that loads it, and only when it runs. */

import { loadServerConfig, serverSchema } from '../../../src/server/config.js';
import { command, jsonFlag } from '../command.js';
import { profiled, profileFlag } from '../profile-file.js';
import { givenSettings, schemaFlags } from '../schema-flags.js';

export const serveCommand = command({
  name: 'serve',
  usage: '',
  summary: 'run the server, which evaluates positions, leases self-play games to workers and runs training jobs',
  details: `
  A setting without a flag is read from a TENGEN_… variable (such as TENGEN_DATA_DIR), else from the JSON file of --config.
  By default the server listens on 127.0.0.1, for programs on this machine. On any other address the server refuses to start
  without a token and TLS unless --insecure is given.`,
  flags: {
    ...jsonFlag,
    ...profileFlag,
    config: { type: 'string', value: 'FILE', doc: 'JSON file with settings by their names in camelCase' },
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
