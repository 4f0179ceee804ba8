/**
 * What of growing a checkpoint is plain JavaScript. Runs in threads: how long it takes, the file and its description decide.
 * Between the two calls a thread of the engine makes the tensors.
 */

import { createHash } from 'node:crypto';
import { check } from '../../core/errors.js';
import type { NamedTensors } from '../../engine/engine.js';
import { graphBytes } from '../../engine/graph-bytes.js';
import { describedGrowth } from '../../methods/growth/described-bundles.js';
import { makeOperator } from '../../methods/growth/operator.js';
import { graph } from '../../nn/graph.js';
import type { Weights } from '../../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../../nn/safetensors.js';
import { sizeOf } from '../../nn/types.js';
import type { GrowthDescription } from '../../proto/tengen/v1/growth.js';
import { transferring } from '../../threads/messages.js';
import { growthFromWire } from '../../wire/growth.js';
import { seedFromWire } from '../../wire/whole-numbers.js';

type Shapes = ReadonlyMap<string, readonly number[]>;

/** A growth that is yet to be computed. */
export interface PlannedGrowth {
  /** Bytes of the graph whose outputs are the grown tensors by name. */
  readonly operator: Uint8Array<ArrayBuffer>;
  readonly inputs: NamedTensors;
  readonly targetShapes: Shapes;
  /** Metadata of the checkpoint file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly sourceParameterCount: number;
  readonly parameterCount: number;
}

/** A file as it goes out. */
export interface GrownFile {
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Plans how a checkpoint grows.
 *
 * @param maxBytes largest file that may become of it
 * @throws AppError 'invalid-argument' naming what does not fit
 */
export function planGrowth(message: GrowthDescription, file: Uint8Array, maxBytes: number): PlannedGrowth {
  const { source, metadata } = readCheckpoint(file);
  const { description, settings } = growthFromWire(message);
  const plan = describedGrowth(description, new Map([...source].map(([name, { shape }]) => [name, shape])));
  const { targetShapes } = plan;
  const count = countOf(targetShapes);
  check(4 * count <= maxBytes, () => `The grown file would have ${4 * count} bytes; this server takes ${maxBytes}`);
  const { parameters, initial: inputs } = makeOperator(plan, settings, source, seedFromWire(message.seed));
  const operator = graphBytes(graph(Object.fromEntries(parameters)));
  const counts = { sourceParameterCount: countOf(plan.sourceShapes), parameterCount: count };
  return transferring({ operator, inputs, targetShapes, metadata, ...counts }, [operator.buffer]);
}

export function writeGrown(tensors: NamedTensors, shapes: Shapes, metadata: Record<string, string>): GrownFile {
  const weights = new Map([...shapes].map(([name, shape]) => [name, { shape, data: floatsOf(tensors, name) }]));
  const bytes = encodeSafetensors(weights, metadata);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return transferring({ bytes, sha256 }, [bytes.buffer]);
}

function floatsOf(tensors: NamedTensors, name: string): Float32Array {
  return tensors[name]!.data as Float32Array;
}

function readCheckpoint(bytes: Uint8Array): { readonly source: Weights; readonly metadata: Record<string, string> } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const source = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape, data, dtype }] of tensors) {
    check(data instanceof Float32Array, `Tensor '${name}' has dtype ${dtype}; it must be F32, F16 or BF16`);
    source.set(name, { shape, data });
  }
  return { source, metadata: { ...metadata } };
}

function countOf(shapes: Shapes): number {
  return [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}
