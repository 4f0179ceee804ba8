/** DatasetService: files of samples in, with every line that is none named. */

import { check } from '../core/errors.js';
import type { DatasetServiceImplementation, ImportDatasetRequest } from '../proto/tengen/v1/dataset.js';
import type { DatasetStore } from '../store/store.js';
import { byteTokenizer } from '../text/bytes.js';
import { describeRefused, readDataset } from '../text/dataset.js';
import { readTasks } from '../text/tasks.js';
import { countFromWire } from '../wire/whole-numbers.js';
import { checkModelName } from './model-name.js';
import type { Names } from './names.js';

const CHUNK = 1024 * 1024;
/** Refused lines that are sent back; more would not be read. */
const SHOWN = 1000;

/** What the service is made of. */
export interface DatasetServiceOptions {
  readonly datasets: DatasetStore;
  readonly names: Names;
  /** Largest file taken. */
  readonly maxBytes: number;
}

/** Makes the service. */
export function makeDatasetService(options: DatasetServiceOptions): DatasetServiceImplementation {
  const { datasets, names, maxBytes } = options;
  return {
    async importDataset(requests, context) {
      const { name, maxTokens, bytes } = await receive(requests, maxBytes);
      const options = { tokenizer: byteTokenizer, ...(maxTokens > 0 && { maxTokens }) };
      const { samples, malformed: strange, tooLong } = readDataset(bytes, options);
      check(tooLong.length === 0, () => `Nothing was stored. ${describeRefused(tooLong)}`);
      // A line with a prompt and an answer is nothing to imitate, but something to learn from by reinforcement.
      const tasks = new Set(strange.length === 0 ? [] : readTasks(bytes).tasks.map(({ line }) => line));
      const malformed = strange.filter(({ line }) => !tasks.has(line));
      const count = samples.length + strange.length - malformed.length;
      check(count > 0, () => `The file holds no sample. ${describeRefused(malformed)}`.trimEnd());
      await names.claimFor(context, 'dataset', name);
      const dataset = await datasets.put({ name, samples: count, malformed: malformed.length }, bytes);
      return { dataset, refused: malformed.slice(0, SHOWN) };
    },
    async listDatasets() {
      return { datasets: [...(await datasets.list())] };
    },
  };
}

async function receive(
  requests: AsyncIterable<ImportDatasetRequest>,
  maxBytes: number,
): Promise<{ name: string; maxTokens: number; bytes: Uint8Array }> {
  let first: ImportDatasetRequest | undefined;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const request of requests) {
    if (!first) {
      first = request;
      checkModelName(first.name);
    }
    const { length } = request.chunk;
    check(length <= CHUNK, `A chunk has ${length} bytes; at most ${CHUNK} are allowed`);
    total += length;
    check(total <= maxBytes, () => `The file has more than the ${maxBytes} bytes that this server takes`);
    chunks.push(request.chunk);
  }
  check(first !== undefined, 'The import is empty; its first message must name the data set');
  return { name: first.name, maxTokens: countFromWire('max_tokens', first.maxTokens), bytes: Buffer.concat(chunks) };
}
