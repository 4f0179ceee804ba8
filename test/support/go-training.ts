/** Small networks and random batches for tests of training. */

import { Rng } from '../../src/core/rng.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { type GoArchitecture, goParameters } from '../../src/nn/networks/go-network.js';
import { type Shape, sizeOf } from '../../src/nn/types.js';

export interface FloatTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** 3×3 board, every part of the network present (the second block has global pooling). */
export const tinyArchitecture: Architecture = {
  kind: 'go-resnet',
  size: 3,
  blocks: 2,
  channels: 4,
  planes: 3,
  globals: 2,
  features: 'test',
};

/** Weights without the zeros that an untrained network has, so that every gradient is alive. */
export function livelyWeights(architecture: GoArchitecture, rng: Rng): Map<string, FloatTensor> {
  return new Map(
    goParameters(architecture).map(({ name, shape }) => {
      const fanIn = shape.length === 4 ? sizeOf(shape.slice(1)) : shape.length === 2 ? shape[0]! : 100;
      const data = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal() / Math.sqrt(fanIn));
      return [name, { shape, data }];
    }),
  );
}

/** A batch in the convention of training-step.ts; half of the positions, by turns, have no policy weight. */
export function randomBatch(shapes: Readonly<Record<string, Shape>>, rng: Rng): Record<string, FloatTensor> {
  const fill = (shape: Shape, draw: (index: number) => number): FloatTensor => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw(i)),
  });
  return {
    planes: fill(shapes['planes']!, () => Number(rng.float() < 0.4)),
    globals: fill(shapes['globals']!, () => rng.normal() / 2),
    policyTarget: distributions(shapes['policyTarget']!, rng),
    policyWeight: fill(shapes['policyWeight']!, (i) => Number(i % 2 === 0)),
    valueTarget: distributions(shapes['valueTarget']!, rng),
    ownershipTarget: fill(shapes['ownershipTarget']!, () => rng.int(3) - 1),
    scoreTarget: fill(shapes['scoreTarget']!, () => rng.int(19) - 9.5),
    weight: fill(shapes['weight']!, () => 0.5 + rng.float()),
  };
}

function distributions(shape: Shape, rng: Rng): FloatTensor {
  const [rows, columns] = shape as [number, number];
  const data = Float32Array.from({ length: rows * columns }, () => Math.exp(2 * rng.normal()));
  for (let row = 0; row < rows; row++) {
    const line = data.subarray(row * columns, (row + 1) * columns);
    const total = line.reduce((sum, value) => sum + value, 0);
    line.forEach((value, i) => (line[i] = value / total));
  }
  return { shape, data };
}

/** A float scalar to feed. */
export function scalar(value: number): FloatTensor {
  return { shape: [], data: Float32Array.of(value) };
}
