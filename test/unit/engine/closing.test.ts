import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../support/closing-threads.mjs');
const TIMES = 6;

/** Runs the script until it ends. */
async function closeThreads(kind: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [script, kind, String(TIMES)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

test.each(['generator', 'engine', 'grid', 'policy'])(
  'a %s that is closed while it computes ends, and the process goes on',
  { timeout: 120_000 },
  async (kind) => {
    const { code, out, err } = await closeThreads(kind);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // It was in fact at work.
    expect((JSON.parse(out) as { cut: number }).cut).toBeGreaterThan(TIMES / 2);
  },
);
