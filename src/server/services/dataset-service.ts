/** DatasetService: files of samples in, with every line that is none named. */

import type { CallContext } from 'nice-grpc';
import { checkModelName } from '../../core/model-name.js';
import { throwIfAborted } from '../../core/signals.js';
import {
  DatasetServiceDefinition,
  type DatasetServiceImplementation,
  type ImportDatasetRequest,
  type ImportDatasetResponse,
} from '../../proto/tengen/v1/dataset.js';
import type { DatasetStore } from '../../store/store.js';
import { owned } from '../../threads/messages.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import { countFromWire } from '../../wire/whole-numbers.js';
import type { Names } from '../access/names.js';
import { MEGABYTE } from '../config.js';
import type { Parts } from '../parts.js';
import type { Uploads } from '../transport/receive-upload.js';
import { service, type Service } from '../transport/service.js';
import type * as samples from './check-samples.js';

const checking = threadModule<typeof samples>(import.meta.url, './check-samples.js');

/** After this the check of a file is given up. */
const MAX_MS = 600_000;

export interface DatasetServiceOptions {
  readonly datasets: DatasetStore;
  readonly names: Names;
  readonly uploads: Uploads;
  /** Threads that check files. */
  readonly work: ThreadPool;
  /** Largest file taken. */
  readonly maxBytes: number;
}

export function composeDatasets({ config, store, names, uploads, pools }: Parts): Service {
  const maxBytes = config.maxDatasetMegabytes * MEGABYTE;
  const options = { datasets: store.datasets, names, uploads, work: pools.files, maxBytes };
  return service(DatasetServiceDefinition, makeDatasetService(options));
}

export function makeDatasetService(options: DatasetServiceOptions): DatasetServiceImplementation {
  const { datasets, names, uploads, maxBytes } = options;
  return {
    async importDataset(requests, context) {
      const begin = ({ name }: ImportDatasetRequest): Promise<void> => {
        checkModelName(name, 'data set');
        return names.checkFor(context, 'dataset', name);
      };
      const { first, bytes, done } = await uploads.receive(requests, { maxBytes, signal: context.signal, begin });
      try {
        return await store(options, first, bytes, context);
      } finally {
        done();
      }
    },
    async listDatasets() {
      return { datasets: [...(await datasets.list())] };
    },
  };
}

async function store(
  { datasets, names, work }: DatasetServiceOptions,
  { name, maxTokens }: ImportDatasetRequest,
  bytes: Uint8Array,
  context: CallContext,
): Promise<ImportDatasetResponse> {
  const { signal } = context;
  // A thread is given the file, and gives it back.
  const own = owned(bytes);
  const args: [Uint8Array, number] = [own, countFromWire('max_tokens', maxTokens)];
  const checked = await work.run(checking, 'checkSamples', args, { signal, timeoutMs: MAX_MS, transfer: [own.buffer] });
  await names.claimFor(context, 'dataset', name);
  throwIfAborted(signal);
  const { samples, malformed, refused } = checked;
  const dataset = await datasets.put({ name, samples, malformed }, checked.bytes);
  return { dataset, refused: [...refused] };
}
