/** A small real network that is served in float32 or in eight bits, as a test says. */

import { Rng } from '../../src/core/rng.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { calibrate } from '../../src/evaluator/quantization/calibrate.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { encodeModel } from '../../src/nn/model-file.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import type { Range } from '../../src/nn/quantization/ranges.js';
import { livelyWeights } from './go-training.js';
import { MemoryModels, randomPositions } from './served-models.js';

const fixed = { kind: 'go-resnet', planes: tengen1.planes, globals: tengen1.globals, features: tengen1.name } as const;
const architecture: Architecture = { ...fixed, size: 5, blocks: 2, channels: 16 };

/** A model file for 5×5 whose answers in eight bits differ from those in float32. */
export const quantizableFile = encodeModel({
  architecture,
  weights: livelyWeights(architecture, new Rng(5)),
  metadata: {},
});

/** Serves that file as go@1, under the name go. */
export class QuantizedModels extends MemoryModels {
  /** Whether `auto` stands for eight bits; tell the evaluator by `reload`. */
  isQuantized = false;
  readonly #ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    super();
    this.#ranges = ranges;
    this.add('go@1', quantizableFile).promote('', 'go@1').promote('go', 'go@1');
  }

  static async calibrated(): Promise<QuantizedModels> {
    const engine = await openEngine(cpuEngine);
    try {
      const { ranges } = await calibrate(quantizableFile, engine, randomPositions(5, 600));
      return new QuantizedModels(ranges);
    } finally {
      await engine.close();
    }
  }

  ranges(): Promise<readonly Range[] | undefined> {
    return Promise.resolve(this.isQuantized ? this.#ranges : undefined);
  }
}
