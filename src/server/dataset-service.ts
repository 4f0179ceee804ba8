/** DatasetService: files of samples in, with every line that is none named. */

import type { CallContext } from 'nice-grpc';
import { check } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import type {
  DatasetServiceImplementation,
  ImportDatasetRequest,
  ImportDatasetResponse,
} from '../proto/tengen/v1/dataset.js';
import type { DatasetStore } from '../store/store.js';
import { byteTokenizer } from '../text/bytes.js';
import { describeRefused, readDataset } from '../text/dataset.js';
import { readTasks } from '../text/tasks.js';
import { countFromWire } from '../wire/whole-numbers.js';
import { checkModelName } from './model-name.js';
import type { Names } from './names.js';
import type { Uploads } from './receive-upload.js';

/** Refused lines that are sent back; more would not be read. */
const SHOWN = 1000;

/** What the service is made of. */
export interface DatasetServiceOptions {
  readonly datasets: DatasetStore;
  readonly names: Names;
  readonly uploads: Uploads;
  /** Largest file taken. */
  readonly maxBytes: number;
}

/** Makes the service. */
export function makeDatasetService(options: DatasetServiceOptions): DatasetServiceImplementation {
  const { datasets, uploads, maxBytes } = options;
  return {
    async importDataset(requests, context) {
      const begin = ({ name }: ImportDatasetRequest): void => checkModelName(name);
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
  { datasets, names }: DatasetServiceOptions,
  { name, maxTokens: most }: ImportDatasetRequest,
  bytes: Uint8Array,
  context: CallContext,
): Promise<ImportDatasetResponse> {
  const maxTokens = countFromWire('max_tokens', most);
  const options = { tokenizer: byteTokenizer, ...(maxTokens > 0 && { maxTokens }) };
  const { samples, malformed: strange, tooLong } = readDataset(bytes, options);
  check(tooLong.length === 0, () => `Nothing was stored. ${describeRefused(tooLong)}`);
  // A line with a prompt and an answer is nothing to imitate, but something to learn from by reinforcement.
  const tasks = new Set(strange.length === 0 ? [] : readTasks(bytes).tasks.map(({ line }) => line));
  const malformed = strange.filter(({ line }) => !tasks.has(line));
  const count = samples.length + strange.length - malformed.length;
  check(count > 0, () => `The file holds no sample. ${describeRefused(malformed)}`.trimEnd());
  await names.claimFor(context, 'dataset', name);
  throwIfAborted(context.signal);
  const dataset = await datasets.put({ name, samples: count, malformed: malformed.length }, bytes);
  return { dataset, refused: malformed.slice(0, SHOWN) };
}
