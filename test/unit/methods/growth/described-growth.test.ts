import { describe, expect, it } from 'vitest';
import { describedGrowth, type GrowthDescription } from '../../../../src/methods/growth/described-bundles.js';

const shapes = new Map([
  ['layers.0.w', [4, 4]],
  ['layers.1.w', [4, 4]],
]);
const axis = { units: 'stream', isRead: false, parts: 1 };

function described({ to = 4, sourceLayers = 2, targetLayers = 2, parts = 1, parameters = 1 }): GrowthDescription {
  return {
    units: [{ name: 'stream', from: 4, to, copies: [] }],
    sourceLayers,
    targetLayers,
    parameters: Array.from({ length: parameters }, (_, i) => ({
      name: `layers.{layer}.${i === 0 ? 'w' : i}`,
      axes: [
        { ...axis, parts },
        { ...axis, isRead: true },
      ],
      isWriter: false,
    })),
  };
}

describe('a description of growth', () => {
  it('is taken as large as it is documented', () => {
    expect(describedGrowth(described({ to: 2 ** 20, targetLayers: 4096 }), shapes).targetShapes.size).toBe(4096);
  });

  // Lists of such lengths end the process, not only the thread that makes them.
  it.each<[string, Parameters<typeof described>[0], RegExp]>([
    ['units', { to: 2 ** 31 }, /units 'stream' are 2147483648 in the target; they may be 1048576 at most/],
    ['layers of the target', { targetLayers: 2 ** 32 - 1 }, /target_layers is 4294967295; it may be 4096 at most/],
    ['layers of the source', { sourceLayers: 2 ** 31 }, /target_layers is 2, less than source_layers, 2147483648/],
    ['parts', { parts: 2 ** 31 }, /'layers.\{layer\}.w' has 2147483648 parts; it may have 1024 at most/],
    [
      'pieces',
      { targetLayers: 4096, parameters: 257 },
      /has 1052672 pieces of parameters; it may have 1048576 at most/,
    ],
  ])('is refused with more %s', (_what, sizes, sentence) => {
    expect(() => describedGrowth(described(sizes), shapes)).toThrow(sentence);
  });
});
