import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../../build/bench/main.js', import.meta.url));

it('answers 64 clients of all kinds as it answers one, while a job trains', { timeout: 600_000 }, async () => {
  const flags = ['--clients', '64', '--processes', '1', '--seconds', '0', '--calls', '3', '--json'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [bench, 'load', ...flags]);
  const found = JSON.parse(stdout) as Record<string, number>;
  expect(found, stderr).toMatchObject({ clients: 64, wrong: 0, unexpected: {} });
  // One more is the benchmark's own.
  expect(found['connections']).toBe(65);
  expect(found['evaluations']).toBeGreaterThan(0);
  expect(found['generations']).toBeGreaterThan(0);
  expect(found['watches']).toBeGreaterThan(0);
  expect(found['trainingSteps']).toBeGreaterThan(0);
});
