/** A server of a test, with the engine of counting-engine.mjs. Its one argument is its data folder; it prints its address. */

import { loadServerConfig } from '../../dist/src/server/config.js';
import { startServer } from '../../dist/src/server/server.js';

const flags = { port: '0', dataDir: process.argv[2], threads: '1', logLevel: 'warn', page: false };
const module = new URL('./counting-engine.mjs', import.meta.url).href;
const engine = { engine: 'tensorflow', provider: 'cpu', module };
const { address } = await startServer(loadServerConfig({ flags }), engine);
process.stdout.write(`${JSON.stringify({ address })}\n`);
