/** GrowthService: checkpoints of other programs, grown. Nothing is kept between calls. */

import { check } from '../../core/errors.js';
import { orAborted } from '../../core/signals.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { runOnce } from '../../engine/threaded.js';
import {
  GrowthServiceDefinition,
  type DeepPartial,
  type GrowCheckpointRequest,
  type GrowCheckpointResponse,
  type GrowthDescription,
  type GrowthServiceImplementation,
} from '../../proto/tengen/v1/growth.js';
import { owned } from '../../threads/messages.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import { MEGABYTE } from '../config.js';
import type { Parts } from '../parts.js';
import type { UploadMessage, Uploads } from '../transport/receive-upload.js';
import { chunksOf } from '../transport/send-file.js';
import { service, type Service } from '../transport/service.js';
import type * as growth from './grow-checkpoint.js';

const growing = threadModule<typeof growth>(import.meta.url, './grow-checkpoint.js');
/** After this a growth is given up. */
const MAX_MS = 600_000;

interface GrowthServiceOptions {
  readonly engine: EngineSettings;
  readonly uploads: Uploads;
  /** Threads that read checkpoints, plan the growth and write checkpoints. */
  readonly work: ThreadPool;
  /** Neither file may have more. */
  readonly maxBytes: number;
}

export function composeGrowth({ config, engine, uploads, pools }: Parts): Service {
  const maxBytes = config.maxModelMegabytes * MEGABYTE;
  return service(GrowthServiceDefinition, makeGrowthService({ engine, uploads, work: pools.work, maxBytes }));
}

function makeGrowthService(options: GrowthServiceOptions): GrowthServiceImplementation {
  const { uploads, maxBytes } = options;
  return {
    async *growCheckpoint(requests, { signal }) {
      const described = readDescription(requests);
      const { bytes, done } = await uploads.receive(described.file, { maxBytes, signal });
      try {
        yield* answer(options, described.description!, bytes, signal);
      } finally {
        done();
      }
    },
  };
}

async function* answer(
  { engine, work, maxBytes }: GrowthServiceOptions,
  description: GrowthDescription,
  bytes: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<DeepPartial<GrowCheckpointResponse>> {
  const options = { signal, timeoutMs: MAX_MS };
  const own = owned(bytes);
  const planned = await work.run(growing, 'planGrowth', [description, own, maxBytes], {
    ...options,
    transfer: [own.buffer],
  });
  const { operator, inputs, targetShapes, metadata, sourceParameterCount, parameterCount } = planned;
  const tensors = await orAborted(runOnce(engine, operator, inputs), signal);
  const transfer = [...new Set(Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer))];
  const grown = await work.run(growing, 'writeGrown', [tensors, targetShapes, { ...metadata }], {
    ...options,
    transfer,
  });
  const counts = { sourceParameterCount, parameterCount };
  yield { body: { $case: 'summary', value: { ...counts, sizeBytes: grown.bytes.length, sha256: grown.sha256 } } };
  for (const value of chunksOf(grown.bytes)) yield { body: { $case: 'chunk', value } };
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
