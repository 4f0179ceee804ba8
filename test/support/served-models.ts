/** Small real models for the evaluator's tests, and a source that serves them. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { ServedModels } from '../../src/evaluator/model-source.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import { encodeModel } from '../../src/nn/model-file.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { initialWeights } from '../../src/nn/networks/go-network.js';
import { playRandom } from './random-game.js';

/** A model file with random weights: one block of eight channels. */
export function tinyModel(size: number, seed: number): Uint8Array {
  const fixed = {
    kind: 'go-resnet',
    planes: tengen1.planes,
    globals: tengen1.globals,
    features: tengen1.name,
  } as const;
  const architecture: Architecture = { ...fixed, size, blocks: 1, channels: 8 };
  return encodeModel({ architecture, weights: initialWeights(architecture, new Rng(seed)), metadata: {} });
}

/** A model source in memory. Names resolve to what `promote` said last. */
export class MemoryModels implements ServedModels {
  readonly #files = new Map<string, Uint8Array>();
  readonly #promoted = new Map<string, string>();
  /** How often each version was read. */
  readonly reads = new Map<string, number>();

  add(ref: string, file: Uint8Array): this {
    this.#files.set(ref, file);
    return this;
  }

  remove(ref: string): this {
    this.#files.delete(ref);
    return this;
  }

  promote(name: string, ref: string): this {
    this.#promoted.set(name, ref);
    return this;
  }

  resolve(name: string): Promise<string> {
    const ref = this.#promoted.get(name) ?? name;
    return this.#files.has(ref)
      ? Promise.resolve(ref)
      : Promise.reject(new AppError('not-found', `There is no model '${name}'`));
  }

  read(ref: string): Promise<Uint8Array> {
    this.reads.set(ref, (this.reads.get(ref) ?? 0) + 1);
    return Promise.resolve(this.#files.get(ref)!);
  }
}

/** `count` different positions of random games. */
export function randomPositions(size: number, count: number, seed = 1): Snapshot[] {
  const positions: Snapshot[] = [];
  for (let game = seed; positions.length < count; game++) {
    const position = new Position(size, defaultRules(size));
    playRandom(position, game, size * size, () => {
      // Early positions of different games can be the same.
      if (position.moveCount > 4 && positions.length < count) positions.push(position.snapshot());
    });
  }
  return positions;
}
