/** KataGo's networks in and out of a real server, over the command line. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RemoteEvaluator } from '../../clients/shared/remote-evaluator.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import { featureSet } from '../../src/go/features.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import { bundleBridge, startBridge } from '../support/bridge-process.js';
import { playRandom } from '../support/random-game.js';
import { type SketchedKatago, sketchKatago } from '../support/katago-network.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const sketch = sketchKatago({
  version: 14,
  blocks: ['ordinary', 'pool', ['ordinary', 'pool']],
  activation: 'ACTIVATION_MISH',
});

let dataDir: string;
let server: ServerProcess;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tengen, ...args, '--address', server.address], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(dataDir, name);
  writeFileSync(path, bytes);
  return path;
}

function played(size: number): Position {
  const position = new Position(size, defaultRules(size));
  playRandom(position, size, 30, () => undefined);
  return position;
}

/** What the network says by the plain forward pass: logits, and the chance to win where superko rules out no result. */
function plain({ evaluate }: SketchedKatago, position: Position): { logits: number[]; win: number } {
  const { size } = position;
  const features = featureSet('katago-7');
  const { planes: count, globals: length } = features;
  const planes = new Float32Array(count * size * size);
  const globals = new Float32Array(length);
  features.write(position.snapshot(), 0, planes, 0, globals, 0);
  const rows = Array.from({ length: count }, (_, i) => [...planes.subarray(i * size * size, (i + 1) * size * size)]);
  const { points, pass, result } = evaluate(rows, [...globals], size);
  return { logits: [...points[0]!, pass[0]!], win: 1 / (1 + Math.exp(result[1]! - result[0]!)) };
}

describe("KataGo's networks", () => {
  it('are imported, play every size, and come out as they went in', async () => {
    const file = write('kata1-sketch.bin.gz', gzipSync(sketch.bytes));
    const imported = run('models', 'import', file, '--json');
    expect(imported.err).toBe('');
    const model = JSON.parse(imported.out) as Record<string, unknown>;
    expect(model).toMatchObject({ name: 'kata1-sketch', size: 19, smallestSize: 2, promoted: true, step: 0 });
    expect(run('models', 'list').out).toContain('2×2 to 19×19');

    const evaluator = new RemoteEvaluator(server.connect(), { ownership: true });
    const positions = [played(9), played(19)];
    const evaluations = await Promise.all(positions.map((position) => evaluator.evaluate([position])));
    positions.forEach((position, i) => {
      const seen = evaluations[i]![0] as GoEvaluation;
      const wanted = plain(sketch, position);
      expect(seen.win).toBeCloseTo(wanted.win, 5);
      expect(seen.draw).toBe(0);
      // Logits travel as halves.
      for (const [action, logit] of wanted.logits.entries()) {
        expect(Math.abs(seen.logits[action]! - logit)).toBeLessThan(0.002 * Math.max(1, Math.abs(logit)));
      }
      expect(seen.ownership).toHaveLength(position.size ** 2);
      expect(seen.scoreStdev).toBeGreaterThan(0);
      for (const more of [seen.lead, seen.varTimeLeft, seen.shorttermWinlossError]) expect(more).toBeTypeOf('number');
    });
    evaluator.close();

    const out = join(dataDir, 'out.bin.gz');
    expect(run('models', 'export', out)).toMatchObject({ code: 0, err: '' });
    expect(gunzipSync(readFileSync(out)).subarray(0, 14).toString()).toBe('sketch-net\n14\n');
    // By a path on the server's disk, and so by another way in.
    const again = run('models', 'import', out, '--name', 'again', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ name: 'again', version: model['version'] });
  });

  it('are played by the bridge on any board', async () => {
    run('models', 'import', write('kata.bin.gz', gzipSync(sketch.bytes)), '--name', 'bridge');
    bundleBridge();
    const bridge = startBridge(server.address, '--model', 'bridge', '--visits', '4');
    for (const size of [13, 5]) {
      expect(await bridge.send(`boardsize ${size}`)).toBe('');
      expect(await bridge.send('genmove b')).toMatch(/^([A-N]\d+|pass|resign)$/i);
    }
    await bridge.close();
  });

  it('are refused when they are broken, and nothing is stored', () => {
    const before = run('models', 'list', '--json').out;
    const packed = gzipSync(sketch.bytes);
    const broken = Uint8Array.from(sketch.bytes);
    broken.set(new Uint8Array(Float32Array.of(NaN).buffer), Buffer.from(broken).indexOf('@BIN@') + 5);
    const later = Buffer.from(sketch.bytes).toString('latin1').replace('sketch-net\n14', 'sketch-net\n18');
    const cases: [string, Uint8Array, RegExp][] = [
      ['cut.bin.gz', packed.subarray(0, 5000), /cannot be unpacked/],
      ['short.bin.gz', gzipSync(sketch.bytes.subarray(0, 5000)), /broken at byte \d+: layer '.*' has \d+ weights/],
      ['nan.bin.gz', gzipSync(broken), /layer 'conv0' holds NaN as weight 0/],
      ['later.bin.gz', gzipSync(Buffer.from(later, 'latin1')), /model version is 18/],
    ];
    for (const [name, bytes, message] of cases) {
      const { code, err } = run('models', 'import', write(name, bytes));
      expect(code, name).not.toBe(0);
      expect(err, name).toMatch(message);
    }
    expect(run('models', 'list', '--json').out).toBe(before);
  });

  it('are the only ones that can be exported', () => {
    run('models', 'import', write('own.safetensors', tinyModel(5, 1)), '--name', 'own');
    const out = join(dataDir, 'out.bin.gz');
    expect(run('models', 'export', 'own', out).err).toMatch(/kind 'go-resnet'; KataGo's format holds only/);
    expect(run('models', 'export', 'own', join(dataDir, 'out.bin')).err).toMatch(
      /must end with .safetensors, or with .bin.gz/,
    );
  });
});
