import { afterAll, describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { servingConstants, servingGraph } from '../../../../src/nn/networks/serving.js';
import { sketchKatago } from '../../../support/katago-network.js';

const engine = onnxRuntimeEngine();
afterAll(() => engine.close());

const side = 5;
const softplus = (x: number): number => Math.log1p(Math.exp(x));

/** Served outputs of a random position, and the raw ones by the plain forward pass. */
async function served(version: number, rules: { superko: number; territory: number }) {
  const { bytes, evaluate } = sketchKatago({ version, blocks: ['ordinary', 'pool'] });
  const model = readKatago(bytes);
  const planes = Float32Array.from({ length: 22 * side * side }, (_, i) => Number(i % 3 === 0));
  const globals = new Float32Array(19);
  globals.set([rules.superko, 0, 0, rules.territory], 6);
  const program = await engine.compile(servingGraph(model.architecture, side), { constants: servingConstants(model) });
  const outputs = await program.run({
    planes: { shape: [1, 22, side, side], data: planes },
    globals: { shape: [1, 19], data: globals },
  });
  const rows = Array.from({ length: 22 }, (_, i) => [...planes.subarray(i * side * side, (i + 1) * side * side)]);
  const seen = (name: string): number[] => [...(outputs[name]?.data as Float32Array)];
  return { seen, raw: evaluate(rows, [...globals], side), names: Object.keys(outputs), model };
}

function closeTo(values: readonly number[], digits = 4): unknown[] {
  return values.map((value): unknown => expect.closeTo(value, digits));
}

describe('what a KataGo network serves', () => {
  it('is probabilities, points and logits with the pass last', async () => {
    const { seen, raw } = await served(8, { superko: 0, territory: 0 });
    const total = raw.result.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const [win, loss, noResult] = raw.result.map((logit) => Math.exp(logit) / total) as [number, number, number];
    expect(seen('value')).toEqual(closeTo([win, noResult, loss]));
    expect(seen('policy')).toEqual(closeTo([...raw.points[0]!, raw.pass[0]!]));
    expect(seen('ownership')).toEqual(closeTo(raw.ownership.map(Math.tanh)));
    // A game without a result scores 0.
    const score = 20 * raw.scores[0]!;
    const square = score ** 2 + (20 * softplus(raw.scores[1]!)) ** 2;
    expect(seen('score')).toEqual(closeTo([score * (1 - noResult)], 3));
    expect(seen('scoreStdev')[0]! ** 2 + seen('score')[0]! ** 2).toBeCloseTo(square * (1 - noResult), 2);
    expect(seen('lead')).toEqual(closeTo([20 * raw.scores[2]! * (1 - noResult)], 3));
  });

  it.each([
    [{ superko: 1, territory: 0 }, false],
    [{ superko: 1, territory: 1 }, true],
    [{ superko: 0, territory: 0 }, true],
  ])('under %o may end without a result: %s', async (rules, may) => {
    const { seen } = await served(8, rules);
    expect(seen('value')[1]! > 0).toBe(may);
    expect(seen('value').reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 5);
  });

  it.each([
    [9, (a: number, b: number) => [softplus(a), 10 * softplus(b)]],
    [10, (a: number, b: number) => [Math.sqrt(0.25 * softplus(a)), Math.sqrt(30 * softplus(b))]],
    [13, (a: number, b: number) => [Math.sqrt(0.3 * softplus(a)), Math.sqrt(31 * softplus(b))]],
    [14, (a: number, b: number) => [Math.sqrt(0.3) * softplus(a / 2), Math.sqrt(31) * softplus(b / 2)]],
  ])('says in version %i how far off it may be', async (version, errors) => {
    const { seen, raw } = await served(version, { superko: 1, territory: 0 });
    const time = softplus(raw.scores[3]!) * (version < 13 ? 40 : 41);
    expect(seen('errors')).toEqual(closeTo([time, ...errors(raw.scores[4]!, raw.scores[5]!)], 3));
  });

  it('says nothing of its errors in version 8', async () => {
    expect((await served(8, { superko: 1, territory: 0 })).names).not.toContain('errors');
  });
});
