import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const bench = join(import.meta.dirname, '../../build/bench/main.js');
const targets = ['analysis', 'checkpoints', 'files', 'grpc', 'gtp', 'metrics', 'page', 'sgf'];

describe('strangers', () => {
  it('crash nothing, stop nothing, and are told what was wrong', { timeout: 600_000 }, async () => {
    const flags = ['fuzz', '--cases', '1600', '--seed', '7', '--seconds', '60', '--json'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [bench, ...flags], { maxBuffer: 1 << 26 });
    const { crashes, hangs, unclear, cases, casesOf } = JSON.parse(stdout) as Record<string, object>;
    expect({ crashes, hangs, unclear, stderr }).toEqual({ crashes: 0, hangs: 0, unclear: 0, stderr: '' });
    expect(cases).toBe(1600);
    expect(Object.keys(casesOf!).sort()).toEqual(targets);
  });
});
