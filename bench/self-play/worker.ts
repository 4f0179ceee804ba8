/** The worker process of the self-play benchmarks: the worker as it is, recording, told when to stop. */

import { setMaxListeners } from 'node:events';
import { runWorker } from '../../clients/self-play/worker.js';
import { record } from './recording.js';

// One signal stops every message under way, each with a listener of its own.
setMaxListeners(0);

await record('worker', async (stop) => {
  const [address = '', games] = process.argv.slice(2);
  const stopping = new AbortController();
  void stop.then(() => stopping.abort());
  const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    if ('reason' in fields) process.stderr.write(`${event}: ${String(fields['reason'])}\n`);
  };
  process.send?.('working');
  await runWorker({
    address,
    games: games === 'auto' ? games : Number(games),
    name: 'bench',
    signal: stopping.signal,
    log,
  });
});
