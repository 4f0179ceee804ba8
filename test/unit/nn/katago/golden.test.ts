/** Two networks of KataGo's own, against the outputs of its CPU engine; skipped where the shared folder is missing. */

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { graph, input } from '../../../../src/nn/graph.js';
import { parameterInputs } from '../../../../src/nn/networks/go-network.js';
import { katagoNetwork } from '../../../../src/nn/networks/katago/network.js';
import { readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { servingConstants } from '../../../../src/nn/networks/serving.js';
import { BATCH } from '../../../../src/nn/types.js';
import { isMissing } from '../../../support/needs.js';

const shared = new URL('../../../../../shared/', import.meta.url);
const position = new URL('golden/pos1-9x9.json', shared);
const networks = ['g170-b6c96-s175395328-d26788732', 'katago-tinymish'];

interface Golden {
  readonly spatial: number[][][];
  readonly global_: number[];
  readonly nets: Record<
    string,
    {
      readonly version: number;
      readonly policyLogits: number[][];
      readonly policyPassLogit: number;
      readonly valueLogits_win_loss_noresult: number[];
      readonly scoreValueRaw: number[];
      readonly ownershipRaw: number[][];
    }
  >;
}

describe.skipIf(isMissing('shared', existsSync(position)))("KataGo's own networks (needs ../shared)", () => {
  const engine = onnxRuntimeEngine();
  afterAll(() => engine.close());

  it.each(networks)('%s says what it says in KataGo, to 1e-5', async (name) => {
    const golden = JSON.parse(readFileSync(position, 'utf8')) as Golden;
    const expected = golden.nets[name]!;
    const model = readKatago(gunzipSync(readFileSync(new URL(`nets/${name}.bin.gz`, shared))));
    expect(model.architecture.version).toBe(expected.version);
    const parameters = parameterInputs(model.architecture);
    const planes = input('planes', [BATCH, 22, 9, 9]);
    const globals = input('globals', [BATCH, 19]);
    const raw = katagoNetwork(model.architecture, (each) => parameters.get(each)!, planes, globals);
    const program = await engine.compile(graph({ ...raw }), { constants: servingConstants(model) });
    const outputs = await program.run({
      planes: { shape: [1, 22, 9, 9], data: Float32Array.from(golden.spatial.flat(2)) },
      globals: { shape: [1, 19], data: Float32Array.from(golden.global_) },
    });
    const close = (output: string, values: readonly number[]): void => {
      const seen = [...(outputs[output]!.data as Float32Array)].slice(0, values.length);
      const worst = Math.max(...seen.map((value, i) => Math.abs(value - values[i]!)));
      expect(worst, output).toBeLessThan(1e-5);
    };
    close('points', expected.policyLogits.flat());
    close('pass', [expected.policyPassLogit]);
    close('result', expected.valueLogits_win_loss_noresult);
    close('scores', expected.scoreValueRaw);
    close('ownership', expected.ownershipRaw.flat());
  });
});
