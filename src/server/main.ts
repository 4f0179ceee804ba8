/** The server as a program of its own: settings from TENGEN_… variables and flags named as in `tengen serve`. */

import { parseArgs } from 'node:util';
import { AppError } from '../core/errors.js';
import { flagName, loadServerConfig, serverSchema } from './config.js';
import { startServer } from './server.js';

async function main(words: readonly string[]): Promise<void> {
  const names = Object.entries(serverSchema).map(([key, { type }]) => ({ key, type }));
  const { values }: { values: Record<string, string | boolean | undefined> } = parseArgs({
    args: [...words],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      ...Object.fromEntries(
        names.map(({ key, type }) => [flagName(key), { type: type === 'flag' ? 'boolean' : 'string' }]),
      ),
    },
  });
  const flags = Object.fromEntries(names.map(({ key }) => [key, values[flagName(key)]]));
  const file = typeof values['config'] === 'string' ? values['config'] : undefined;
  const config = loadServerConfig({ flags, env: process.env, file });
  const server = await startServer(config);
  process.stdout.write(
    values['json'] ? `${JSON.stringify({ address: server.address })}\n` : `Listening on ${server.address}\n`,
  );
  let stopping = false;
  const stop = (): void => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(130);
    stopping = true;
    void server.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(`${AppError.from(thrown).message}\n`);
  process.exit(1);
});
