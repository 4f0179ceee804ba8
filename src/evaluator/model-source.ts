/** Where the evaluator gets its models; the server adapts the store to this. */

import type { Range } from '../nn/quantization/ranges.js';

/** Finds and reads model files. */
export interface ModelSource {
  /**
   * The version that `name` stands for: a name (its promoted version), name@version, or '' (the default model's promoted
   * version).
   *
   * @returns name@version
   * @throws AppError 'not-found' if there is no such model
   */
  resolve(name: string): Promise<string>;
  /**
   * The model file (nn/model-file.ts) of a version.
   *
   * @param ref name@version
   */
  read(ref: string): Promise<Uint8Array>;
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
