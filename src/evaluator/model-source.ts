/** Where the evaluator gets its models; the server adapts the store to this. */

import type { ModelSource } from '../core/model-source.js';
import type { Range } from '../nn/quantization/ranges.js';

/** Model files, and how they are served. */
export interface ServedModels extends ModelSource {
  /**
   * The ranges by which a version's trunk is computed in eight bits; undefined for float32.
   *
   * @param ref name@version
   */
  ranges?(ref: string): Promise<readonly Range[] | undefined>;
}

/** What a loaded version plays and expects. */
export interface ModelShape {
  /** Smallest and largest board that it plays, points on a side. */
  readonly boards: readonly [smallest: number, largest: number];
  /** Feature planes and global features that its network reads. */
  readonly planes: number;
  readonly globals: number;
  /** Names of what it gives (nn/networks/serving.ts). */
  readonly outputs: readonly string[];
}
