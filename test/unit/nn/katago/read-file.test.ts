import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { graph, input } from '../../../../src/nn/graph.js';
import { decodeModel, encodeModel } from '../../../../src/nn/model-file.js';
import { goParameters, parameterInputs } from '../../../../src/nn/networks/go-network.js';
import { katagoNetwork } from '../../../../src/nn/networks/katago/network.js';
import { type KatagoFile, readKatago } from '../../../../src/nn/networks/katago/read-file.js';
import { writeKatago } from '../../../../src/nn/networks/katago/write-file.js';
import { servingConstants } from '../../../../src/nn/networks/serving.js';
import { BATCH } from '../../../../src/nn/types.js';
import { type KatagoSketch, sketchKatago } from '../../../support/katago-network.js';

const engine = onnxRuntimeEngine();
afterAll(() => engine.close());

const all = ['ordinary', 'pool', ['ordinary', 'pool']] as const;
const sketches: Record<string, KatagoSketch> = {
  'version 8': { version: 8, blocks: ['ordinary', 'pool', 'ordinary'] },
  'version 9 in words': { version: 9, blocks: ['ordinary', 'pool'], words: true },
  'version 11 with mish and bottlenecks': { version: 11, blocks: all, activation: 'ACTIVATION_MISH' },
  'version 12 with silu': { version: 12, blocks: all, activation: 'ACTIVATION_SILU' },
  'version 13 with multipliers of its own': { version: 13, blocks: all, activation: 'ACTIVATION_MISH' },
  'version 15 in words': { version: 15, blocks: [['ordinary', ['pool']]], activation: 'ACTIVATION_MISH', words: true },
  'version 16': { version: 16, blocks: all, activation: 'ACTIVATION_RELU' },
  'version 17 with transformers': {
    version: 17,
    blocks: ['attention', 'feedForward', 'pool', 'fixedAttention', 'feedForward'],
    activation: 'ACTIVATION_SILU',
    tip: 'point',
  },
  'version 17 with transformers in bottlenecks': {
    version: 17,
    blocks: ['feedForward', ['attention', 'ordinary', 'fixedAttention', 'feedForward'], 'ordinary'],
    activation: 'ACTIVATION_MISH',
    tip: 'board',
  },
  'version 17 without transformers': { version: 17, blocks: all, activation: 'ACTIVATION_IDENTITY' },
};

async function rawOutputs(
  file: KatagoFile,
  inputs: { planes: Float32Array; globals: Float32Array },
  side: number,
): Promise<Record<string, number[]>> {
  const parameters = parameterInputs(file.architecture);
  const planes = input('planes', [BATCH, 22, side, side]);
  const globals = input('globals', [BATCH, 19]);
  const raw = katagoNetwork(file.architecture, (name) => parameters.get(name)!, planes, globals);
  const program = await engine.compile(graph({ ...raw }), { constants: servingConstants(file) });
  const outputs = await program.run({
    planes: { shape: [1, 22, side, side], data: inputs.planes },
    globals: { shape: [1, 19], data: inputs.globals },
  });
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
}

describe("a file in KataGo's format", () => {
  it.each(Object.entries(sketches))('of %s computes what it says, on two board sizes', async (_name, sketch) => {
    const { bytes, evaluate } = sketchKatago(sketch);
    const file = readKatago(bytes);
    expect(file).toMatchObject({ name: 'sketch-net', architecture: { version: sketch.version, boards: [2, 19] } });
    const rng = new Rng(7);
    for (const side of [5, 8]) {
      const planes = Float32Array.from({ length: 22 * side * side }, () => rng.normal());
      const globals = Float32Array.from({ length: 19 }, () => rng.normal());
      const rows = Array.from({ length: 22 }, (_, i) => [...planes.subarray(i * side * side, (i + 1) * side * side)]);
      const expected = evaluate(rows, [...globals], side);
      const seen = await rawOutputs(file, { planes, globals }, side);
      for (const [name, values] of Object.entries({ ...expected, points: expected.points.flat() })) {
        expect(seen[name], name).toEqual((values as number[]).map((value): unknown => expect.closeTo(value, 4)));
      }
    }
  });

  it.each(Object.entries(sketches))('of %s is the same network after it was written and read', (_name, sketch) => {
    const file = readKatago(sketchKatago(sketch).bytes);
    const written = writeKatago(file.name, file.architecture, file.weights);
    const again = readKatago(written);
    expect(again.architecture).toEqual(file.architecture);
    expect([...again.weights.keys()].sort()).toEqual([...file.weights.keys()].sort());
    for (const [name, { shape, data }] of file.weights) {
      expect(again.weights.get(name)!.shape).toEqual(shape);
      expect(new Uint32Array(again.weights.get(name)!.data.buffer), name).toEqual(new Uint32Array(data.buffer));
    }
    expect(Buffer.from(writeKatago(again.name, again.architecture, again.weights)).equals(written)).toBe(true);
    // A model file of ours holds it whole.
    const model = decodeModel(encodeModel({ ...file, metadata: {} }));
    expect(model.architecture).toEqual(file.architecture);
    expect([...model.weights.keys()].sort()).toEqual(
      goParameters(file.architecture)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('says the multipliers that its versions write, and the usual ones before', () => {
    const multipliers = (version: number) =>
      readKatago(sketchKatago({ version, blocks: ['ordinary'] }).bytes).architecture.multipliers;
    expect(multipliers(12)).toMatchObject({ scoreMean: 20, varianceTime: 40, shorttermValueError: 0.25 });
    expect(multipliers(13)).toMatchObject({ tdScore: 20.5, scoreMean: 21, shorttermValueError: 0.3 });
  });
});

describe('a broken file', () => {
  const { bytes } = sketchKatago({ version: 15, blocks: all, activation: 'ACTIVATION_MISH' });
  const words = sketchKatago({ version: 8, blocks: ['ordinary'], words: true }).bytes;

  /** The file with the first occurrence of some text replaced, bytes kept as they are. */
  function changed(from: string, to: string, file: Uint8Array = bytes): Uint8Array {
    const text = Buffer.from(file).toString('latin1');
    expect(text).toContain(from);
    return Buffer.from(
      text.replace(from, () => to),
      'latin1',
    );
  }

  /** The same of a file with a transformer. */
  function transformer(from: string, to: string): Uint8Array {
    return changed(from, to, sketchKatago({ version: 17, blocks: ['attention', 'feedForward'], tip: 'point' }).bytes);
  }

  it('is refused wherever it is cut off, with the byte', () => {
    for (const file of [bytes, words]) {
      // Of a number in words the last digits may be missing and nobody can tell; gzip's checksum does.
      for (let length = 0; length < file.length - 16; length += 97) {
        expect(() => readKatago(file.subarray(0, length)), `${length} bytes`).toThrow(/broken at byte \d+: /);
      }
    }
    expect(() => readKatago(Buffer.concat([bytes, Buffer.from('more')]))).toThrow(/4 bytes follow the last layer/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a later version',
      changed('sketch-net\n15\n', 'sketch-net\n18\n'),
      /model version is 18; this program reads 8 to 17/,
    ],
    ['an earlier version', changed('sketch-net\n15\n', 'sketch-net\n7\n'), /model version is 7/],
    ['a name that is none', changed('sketch-net', '../../net'), /^The name of a KataGo network must be/],
    ['other features', changed('\n22\n19\n', '\n22\n20\n'), /input globals is 20;/],
    ['a multiplier of zero', changed('\n20.5\n', '\n0\n'), /multiplier tdScore is 0/],
    ["players' data", changed('\n31\n0\n0\n', '\n31\n1\n0\n'), /metaEncoder .* not supported/],
    ['pass-alive areas as under suicide', changed('\n31\n0\n0\n', '\n31\n0\n1\n'), /preferPassAliveUnderSuicideRules/],
    ['an unknown option', changed('\n31\n0\n0\n0\n', '\n31\n0\n0\n3\n'), /option 1 of the header.*is 3;/],
    ['a norm of the trunk of no known kind', changed('\n2\n2\n0\n', '\n2\n2\n2\n'), /trunk's norm is 2;/],
    ['a feed-forward block without a gate', transformer('\n5\n7\n1\n', '\n5\n7\n0\n'), /'block1' .* without a gate/],
    ['heads that cannot share', transformer('\n6\n2\n8\n', '\n6\n4\n8\n'), /6 heads, which 4 key\/value heads/],
    ['an odd width of heads', transformer('\n6\n2\n8\n', '\n6\n2\n9\n'), /heads of 9 numbers/],
    ['groups of channels', transformer('0.001\n0\n0\n', '0.001\n0\n8\n'), /size of groups .* is 8;/],
    ['frequencies that do not fit', transformer('\n2\n4\n2\n', '\n2\n5\n2\n'), /dimension 2 of layer 'rope\d+' is 5/],
    [
      'a dilated block',
      changed('ordinary_block', 'dilated_block'),
      /'block0' is a dilated block, which is not supported/,
    ],
    [
      'a block of no known kind',
      changed('gpool_block', 'magic_block'),
      /'block1' is of the unknown kind 'magic_block'/,
    ],
    ['an unknown activation', changed('ACTIVATION_MISH', 'ACTIVATION_TANH'), /of the kind 'ACTIVATION_TANH'/],
    ['a dilated convolution', changed('conv0\n3\n3\n22\n5\n1', 'conv0\n3\n3\n22\n5\n2'), /'conv0' is dilated 2 times/],
    ['a filter that is no square', changed('conv0\n3\n3', 'conv0\n3\n5'), /'conv0' has 3×5 filters/],
    ['layers that do not fit', changed('conv0\n3\n3\n22', 'conv0\n3\n3\n21'), /'conv0' has 21 inputs.*want 22/],
  ])('with %s is refused by name', (_what, file, message) => {
    expect(() => readKatago(file)).toThrow(message);
  });

  it('that claims more weights than it has bytes is refused before anything is allocated', () => {
    const large = changed('conv0\n3\n3\n22\n5', 'conv0\n11\n11\n22\n5');
    expect(() => readKatago(large)).toThrow(/'conv0' has 13310 weights; the \d+ bytes left hold at most \d+/);
  });

  it.each([
    ['NaN', Float32Array.of(NaN)],
    ['Infinity', Float32Array.of(Infinity)],
  ])('with a weight of %s is refused with its layer', (text, weight) => {
    const file = Uint8Array.from(bytes);
    const at = Buffer.from(file).indexOf('@BIN@') + 5 + 4 * 3;
    file.set(new Uint8Array(weight.buffer), at);
    expect(() => readKatago(file)).toThrow(new RegExp(`at byte \\d+: layer 'conv0' holds ${text} as weight 3 of 990`));
  });

  it('with a weight that is no number is refused with its layer', () => {
    const at = Buffer.from(words).indexOf('conv0') + 'conv0\n3\n3\n22\n5\n1\n1\n'.length;
    const torn = Buffer.concat([words.subarray(0, at), Buffer.from('nan '), words.subarray(at)]);
    expect(() => readKatago(torn)).toThrow(/layer 'conv0' holds NaN as weight 0 of 990/);
  });
});
