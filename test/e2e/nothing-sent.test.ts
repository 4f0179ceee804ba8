import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const dist = pathToFileURL(join(import.meta.dirname, '../../dist/src/')).href;
let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tengen-'));
  home = join(folder, 'home');
  mkdirSync(home);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a network in a process whose home and temporary folder are `home`. */
function compute(opening: string): void {
  const script = `
    import { openEngine } from '${dist}engine/open-engine.js';
import { cpuEngine } from '${dist}engine/engine-settings.js';
    import { threadedEngine } from '${dist}engine/threaded.js';
    import { graph, input } from '${dist}nn/graph.js';
    import { add } from '${dist}nn/operations/arithmetic.js';
    const engine = await ${opening}(cpuEngine);
    const program = await engine.compile(graph({ y: add(input('x', [1]), 1) }));
    const { y } = await program.run({ x: { shape: [1], data: Float32Array.of(2) } });
    await program.release();
    console.log(y.data[0]);
    process.exit(0);
  `;
  const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: home };
  const file = join(folder, 'compute.mjs');
  writeFileSync(file, script);
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', env, timeout: 60_000 });
  expect(stderr).toBe('');
  expect(stdout).toBe('3\n');
}

describe('ONNX Runtime', () => {
  it.each(['openEngine', 'threadedEngine'])('keeps no log of its use to be sent: %s', (opening) => {
    compute(opening);
    expect(readdirSync(home)).toEqual([]);
  });
});
