import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isMissing } from '../support/needs.js';

const bench = fileURLToPath(new URL('../../build/bench/main.js', import.meta.url));

function run(...args: string[]): Record<string, number> {
  const out = execFileSync(process.execPath, [bench, ...args, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out) as Record<string, number>;
}

const hasTracer = spawnSync('strace', ['-o', '/dev/null', '--seccomp-bpf', '-f', 'true']).status === 0;
const noTracer = isMissing('strace', hasTracer);

describe('what was acknowledged', { timeout: 240_000 }, () => {
  it('is there after kills of the server and its workers in the middle of writing', () => {
    const result = run('faults', '--kills', '4', '--minutes', '2');
    expect(result).toMatchObject({ lost: 0, duplicates: 0, orphans: 0, corrupt: 0 });
    expect(result['kills']).toBeGreaterThan(0);
    expect(result['acknowledged']).toBeGreaterThan(10);
  });

  it.skipIf(noTracer)('is there after a loss of power that takes all that was not synced', () => {
    const result = run('power-loss', '--losses', '20', '--sessions', '2', '--seconds', '3');
    expect(result).toMatchObject({ lost: 0, orphans: 0, corrupt: 0, duplicates: 0, losses: 20 });
    expect(result['acknowledged']).toBeGreaterThan(0);
  });
});
