/** GrowthService: checkpoints of other programs, grown. Nothing is kept between calls. */

import { createHash } from 'node:crypto';
import { AppError, check } from '../core/errors.js';
import { threadedOnnxRuntimeEngine } from '../engine/onnxruntime/threaded.js';
import { describedGrowth } from '../methods/growth/described-family.js';
import type { GrowthPlan } from '../methods/growth/family.js';
import { makeOperator } from '../methods/growth/operator.js';
import type { Weights } from '../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../nn/safetensors.js';
import { sizeOf } from '../nn/types.js';
import type {
  GrowCheckpointRequest,
  GrowthDescription,
  GrowthServiceImplementation,
} from '../proto/tengen/v1/growth.js';
import { materialise } from '../trainer/grow/train-operator.js';
import { growthFromWire } from '../wire/growth.js';
import { seedFromWire } from '../wire/whole-numbers.js';

const CHUNK = 1024 * 1024;

/** Makes the service; neither file may have more than `maxBytes`. */
export function makeGrowthService(maxBytes: number): GrowthServiceImplementation {
  return {
    async *growCheckpoint(requests) {
      const { description, bytes } = await receive(requests, maxBytes);
      const { source, metadata } = readCheckpoint(bytes);
      const { description: network, settings } = growthFromWire(description);
      const plan = describedGrowth(network, new Map([...source].map(([name, { shape }]) => [name, shape])));
      const count = countOf(plan.targetShapes);
      check(4 * count <= maxBytes, () => `The grown file would have ${4 * count} bytes; this server takes ${maxBytes}`);
      const operator = makeOperator(plan, settings, source, seedFromWire(description.seed));
      const file = encodeSafetensors(await grow(plan, operator), metadata);
      const sha256 = createHash('sha256').update(file).digest('hex');
      const counts = { sourceParameterCount: countOf(plan.sourceShapes), parameterCount: count };
      yield { body: { $case: 'summary', value: { ...counts, sizeBytes: file.length, sha256 } } };
      for (let start = 0; start < file.length; start += CHUNK) {
        yield { body: { $case: 'chunk', value: Buffer.from(file.subarray(start, start + CHUNK)) } };
      }
    },
  };
}

async function grow(plan: GrowthPlan, operator: ReturnType<typeof makeOperator>): Promise<Weights> {
  const engine = threadedOnnxRuntimeEngine();
  try {
    return await materialise(engine, plan, operator, operator.initial);
  } finally {
    await engine.close();
  }
}

async function receive(
  requests: AsyncIterable<GrowCheckpointRequest>,
  maxBytes: number,
): Promise<{ readonly description: GrowthDescription; readonly bytes: Uint8Array }> {
  let description: GrowthDescription | undefined;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const { body } of requests) {
    if (body?.$case === 'description') {
      check(description === undefined, 'The description came twice');
      description = body.value;
    } else if (body?.$case === 'chunk') {
      check(description !== undefined, 'A chunk came before the description');
      check(body.value.length <= CHUNK, () => `A chunk has ${body.value.length} bytes; at most ${CHUNK} are allowed`);
      total += body.value.length;
      check(total <= maxBytes, () => `The file has more than the ${maxBytes} bytes that this server takes`);
      chunks.push(body.value);
    }
  }
  if (!description) throw new AppError('invalid-argument', 'The first message must describe the network');
  return { description, bytes: Buffer.concat(chunks) };
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

function countOf(shapes: ReadonlyMap<string, readonly number[]>): number {
  return [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
}
