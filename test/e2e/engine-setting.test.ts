import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDataDir, removeDataDir } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const sentence =
  'tengen: The tensorflow engine needs the package @tensorflow/tfjs-node-gpu: ' +
  'npm install @tensorflow/tfjs-node-gpu --ignore-scripts=false, or choose --engine onnxruntime\n';
let dataDir: string;

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(() => {
  removeDataDir(dataDir);
});

function serve(flags: readonly string[], variables: Record<string, string> = {}): { code: number | null; err: string } {
  const args = [tengen, 'serve', '--port', '0', '--data-dir', dataDir, '--log-level', 'error', ...flags];
  const env = { PATH: process.env['PATH'], ...variables };
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 60_000 });
  return { code: status, err: stderr };
}

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu');
    return true;
  } catch {
    return false;
  }
}

describe('tengen serve --engine', () => {
  it.skipIf(isInstalled())('refuses to start on tensorflow when its package is not installed', () => {
    expect(serve(['--engine', 'tensorflow'])).toEqual({ code: 1, err: sentence });
    expect(serve([], { TENGEN_ENGINE: 'tensorflow' })).toEqual({ code: 1, err: sentence });
  });

  it('names the engines there are', () => {
    const { code, err } = serve(['--engine', 'abacus']);
    expect(code).toBe(2);
    expect(err).toContain('Setting \'engine\' is "abacus"; it must be one of onnxruntime, tensorflow');
  });
});
