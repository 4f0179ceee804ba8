/**
 * Loaded into the server's process before the server (`node --import`): on SIGUSR2 it appends the longest time that the main
 * thread's event loop was blocked since the signal before, in milliseconds, as a line of the file DELAYS.
 */

import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** Milliseconds between two looks at the loop; a delay is what a look comes later. */
const resolution = 1;

// Threads load the module too.
if (isMainThread) {
  const file = process.env['DELAYS']!;
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  process.on('SIGUSR2', () => {
    // The look that was late comes before a timer that is set now.
    setTimeout(() => {
      appendFileSync(file, `${Math.max(0, delays.max / 1e6 - resolution)}\n`);
      delays.reset();
    }, 5 * resolution);
  });
}
