/** GrowthService: checkpoints of other programs, grown. Nothing is kept between calls. */

import { createHash } from 'node:crypto';
import { check } from '../core/errors.js';
import { threadedOnnxRuntimeEngine } from '../engine/onnxruntime/threaded.js';
import { describedGrowth } from '../methods/growth/described-family.js';
import type { GrowthPlan } from '../methods/growth/family.js';
import { makeOperator } from '../methods/growth/operator.js';
import type { Weights } from '../nn/model-file.js';
import { decodeSafetensors, encodeSafetensors } from '../nn/safetensors.js';
import { sizeOf } from '../nn/types.js';
import type {
  DeepPartial,
  GrowCheckpointRequest,
  GrowCheckpointResponse,
  GrowthDescription,
  GrowthServiceImplementation,
} from '../proto/tengen/v1/growth.js';
import { materialise } from '../trainer/grow/train-operator.js';
import { growthFromWire } from '../wire/growth.js';
import { seedFromWire } from '../wire/whole-numbers.js';
import { CHUNK, type UploadMessage, type Uploads } from './receive-upload.js';

/** Makes the service; neither file may have more than `maxBytes`. */
export function makeGrowthService(uploads: Uploads, maxBytes: number): GrowthServiceImplementation {
  return {
    async *growCheckpoint(requests, { signal }) {
      const described = readDescription(requests);
      const { bytes, done } = await uploads.receive(described.file, { maxBytes, signal });
      try {
        yield* answer(described.description!, bytes, maxBytes);
      } finally {
        done();
      }
    },
  };
}

async function* answer(
  description: GrowthDescription,
  bytes: Uint8Array,
  maxBytes: number,
): AsyncGenerator<DeepPartial<GrowCheckpointResponse>> {
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
}

async function grow(plan: GrowthPlan, operator: ReturnType<typeof makeOperator>): Promise<Weights> {
  const engine = threadedOnnxRuntimeEngine();
  try {
    return await materialise(engine, plan, operator, operator.initial);
  } finally {
    await engine.close();
  }
}

/** The description, and the messages with the file, as they come. */
interface Described {
  description: GrowthDescription | undefined;
  readonly file: AsyncGenerator<UploadMessage>;
}

function readDescription(requests: AsyncIterable<GrowCheckpointRequest>): Described {
  const read = async function* (): AsyncGenerator<UploadMessage> {
    for await (const { body, sizeBytes, sha256 } of requests) {
      if (body?.$case === 'description') {
        check(described.description === undefined, 'The description came twice');
        described.description = body.value;
      } else {
        check(described.description !== undefined, 'The first message must describe the network');
      }
      yield { chunk: body?.$case === 'chunk' ? body.value : new Uint8Array(), sizeBytes, sha256 };
    }
  };
  const described: Described = { description: undefined, file: read() };
  return described;
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
