/** Sends calls at their documented limits to a server and measures how long its main thread answers nobody else. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { limitCalls } from './limits/calls.js';
import { openWorld } from './limits/world.js';

/**
 * Keys: `blockedMs` (longest block of the server's event loop in any call, wanted: 50 at most on a machine that does nothing
 * else), `calls` (the longest block and the duration of each, in milliseconds), `idleMs` (longest block in a second without a
 * call: what the machine itself adds).
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { 'dataset-megabytes': { type: 'string', default: '64' }, only: { type: 'string', default: '' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'tengen-limits-'));
  const world = await openWorld(folder);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await world.blockedMs();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const idleMs = rounded(await world.blockedMs());
    const calls: Record<string, { blockedMs: number; tookMs: number }> = {};
    for (const { name, prepare, call } of limitCalls({ datasetMegabytes: Number(values['dataset-megabytes']) })) {
      if (!values.only.split(',').some((part) => name.includes(part))) continue;
      await prepare?.(world);
      await world.blockedMs();
      const started = performance.now();
      // A refusal takes its time as well.
      await call(world).catch((error: unknown) => process.stderr.write(`${name}: ${String(error)}\n`));
      const tookMs = Math.round(performance.now() - started);
      calls[name] = { blockedMs: rounded(await world.blockedMs()), tookMs };
    }
    return { blockedMs: Math.max(...Object.values(calls).map((one) => one.blockedMs)), calls, idleMs };
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
