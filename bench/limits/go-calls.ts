/** Calls at their limits that are about Go: positions, tensors, and model files. */

import { tengen1 } from '../../src/go/tengen-features.js';
import { GRPCInferenceServiceDefinition, ModelInferRequest } from '../../src/proto/inference/grpc_service.js';
import { EvaluateRequest, EvaluatorServiceDefinition } from '../../src/proto/tengen/v1/evaluator.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { positionToWire } from '../../src/wire/position.js';
import { makeModelFile, makePositions } from '../evaluator/setup.js';
import type { LimitCall, World } from './limit-call.js';

const SIDE = 19;
/** Positions in a request at most. */
const MOST_POSITIONS = 1024;
/** Of a message, less than the 8 MiB that a server takes if it is not told otherwise. */
const MESSAGE_BYTES = 8 * 2 ** 20 - 4096;

/** Calls on a network for 19×19, which the first of them imports, and on one of about 100 MB. */
export function goCalls(): LimitCall[] {
  const snapshots = makePositions(SIDE, MOST_POSITIONS);
  const positions = snapshots.map((snapshot) => positionToWire(snapshot));
  return [
    {
      name: 'Evaluate of 1,024 positions of 19×19',
      async prepare(world) {
        await importNetwork(world, 'go', { blocks: 1, channels: 8 });
        await evaluate(world, positions.slice(0, 1));
      },
      call: (world) => evaluate(world, positions),
    },
    {
      name: 'ModelInfer of 8 MiB',
      call: ({ connection }) => connection.client(GRPCInferenceServiceDefinition).modelInfer(tensors()),
    },
    {
      name: 'DownloadModel of 100 MB',
      prepare: (world) => importNetwork(world, 'large', { blocks: 40, channels: 190 }),
      async call({ connection }) {
        const parts = connection.client(ModelServiceDefinition).downloadModel({ model: 'large' });
        for await (const part of parts) if (part.chunk.length === 0) break;
      },
    },
  ];
}

async function importNetwork(world: World, name: string, form: { blocks: number; channels: number }): Promise<void> {
  const setup = { size: SIDE, threads: 1, batch: 1, message: 1, inFlight: 1, rounds: 1, seconds: 1, int8: 0, ...form };
  await world.tengen('models', 'import', world.file(`${name}.safetensors`, makeModelFile(setup)), '--name', name);
}

async function evaluate({ connection }: World, positions: EvaluateRequest['positions']): Promise<void> {
  async function* requests(): AsyncGenerator<EvaluateRequest> {
    yield await Promise.resolve(EvaluateRequest.fromPartial({ model: 'go', positions, ownership: true }));
  }
  for await (const { error } of connection.client(EvaluatorServiceDefinition).evaluate(requests())) {
    if (error) throw new Error(error.message);
  }
}

function tensors(): ModelInferRequest {
  const { planes, globals } = tengen1;
  const boardFloats = planes * SIDE * SIDE;
  const count = Math.min(MOST_POSITIONS, Math.floor(MESSAGE_BYTES / (4 * (boardFloats + globals))));
  const longs = (...numbers: number[]): bigint[] => numbers.map(BigInt);
  return ModelInferRequest.fromPartial({
    modelName: 'go',
    inputs: [
      { name: 'planes', datatype: 'FP32', shape: longs(count, planes, SIDE, SIDE) },
      { name: 'globals', datatype: 'FP32', shape: longs(count, globals) },
    ],
    rawInputContents: [new Uint8Array(4 * count * boardFloats), new Uint8Array(4 * count * globals)],
  });
}
