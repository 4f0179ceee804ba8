/** Uploads of every kind, with each message in the test's hands. */

import { createHash } from 'node:crypto';
import type { Connection } from '../../clients/shared/connection.js';
import { encodeSafetensors } from '../../src/nn/safetensors.js';
import { DatasetServiceDefinition, type ImportDatasetRequest } from '../../src/proto/tengen/v1/dataset.js';
import {
  GrowCheckpointRequest,
  GrowthDescription,
  GrowthMethod,
  GrowthServiceDefinition,
} from '../../src/proto/tengen/v1/growth.js';
import { ModelServiceDefinition, type UploadModelRequest } from '../../src/proto/tengen/v1/model.js';
import { tinyModel } from './served-models.js';

/** A message; what is left out is not said. */
export interface Part {
  readonly chunk?: Uint8Array;
  readonly sizeBytes?: number;
  readonly sha256?: string;
}

type Kind = 'dataset' | 'model' | 'checkpoint';
/** The services that take files. */
export const kinds: readonly Kind[] = ['dataset', 'model', 'checkpoint'];

/** A file that each kind takes. */
export const files: Readonly<Record<Kind, Uint8Array>> = {
  dataset: Buffer.from('{"text":"sample"}\n'.repeat(100)),
  model: tinyModel(3, 1),
  checkpoint: encodeSafetensors(
    new Map([['w', { shape: [4, 4], data: Float32Array.from({ length: 16 }, (_, i) => i) }]]),
  ),
};

const description = GrowthDescription.fromPartial({
  method: GrowthMethod.NET2NET,
  units: [{ name: 'h', from: 4, to: 6 }],
  sourceLayers: 1,
  targetLayers: 1,
  parameters: [{ name: 'w', axes: [{ units: 'h' }, { units: 'h', isRead: true }] }],
});

/** sha256 in hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Sends the messages under `name`; resolves when the server has taken the file. */
export async function upload(
  connection: Connection,
  kind: Kind,
  name: string,
  parts: AsyncIterable<Part>,
  signal = new AbortController().signal,
): Promise<void> {
  const named = async function* (): AsyncGenerator<UploadModelRequest & ImportDatasetRequest> {
    let first = true;
    for await (const part of parts) {
      yield { chunk: new Uint8Array(), sizeBytes: 0, sha256: '', maxTokens: 0n, ...part, name: first ? name : '' };
      first = false;
    }
  };
  const described = async function* (): AsyncGenerator<GrowCheckpointRequest> {
    yield GrowCheckpointRequest.fromPartial({ body: { $case: 'description', value: description } });
    for await (const { chunk = new Uint8Array(), ...said } of parts) {
      yield GrowCheckpointRequest.fromPartial({ body: { $case: 'chunk', value: Buffer.from(chunk) }, ...said });
    }
  };
  if (kind === 'dataset') await connection.client(DatasetServiceDefinition).importDataset(named(), { signal });
  else if (kind === 'model') await connection.client(ModelServiceDefinition).uploadModel(named(), { signal });
  else {
    const answers = connection.client(GrowthServiceDefinition).growCheckpoint(described(), { signal });
    for await (const { body } of answers) if (body === undefined) throw new Error('An answer is empty');
  }
}

export async function storedNames(connection: Connection): Promise<readonly string[]> {
  const { datasets } = await connection.client(DatasetServiceDefinition).listDatasets({});
  const { models } = await connection.client(ModelServiceDefinition).listModels({ name: '' });
  return [...datasets, ...models].map(({ name }) => name).sort();
}

/**
 * A stream of requests that stays open: yields `parts` and then nothing until `end`. `sent` resolves when the server has
 * them all, as it answers a later call on the same connection.
 */
export function heldOpen<T>(
  connection: Connection,
  parts: readonly T[],
): {
  readonly messages: AsyncGenerator<T>;
  readonly sent: () => Promise<void>;
  readonly end: () => void;
} {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let tellSent = (): void => undefined;
  const written = new Promise<void>((resolve) => (tellSent = resolve));
  const messages = async function* (): AsyncGenerator<T> {
    yield* parts;
    tellSent();
    await ended;
  };
  const sent = async (): Promise<void> => {
    await written;
    await connection.client(ModelServiceDefinition).listModels({ name: '' });
  };
  return { messages: messages(), sent, end };
}
