import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, type CallContext } from 'nice-grpc';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messagesOf, partsOfBytes } from '../../../../clients/shared/upload.js';
import type { ImportDatasetResponse, ListDatasetsResponse } from '../../../../src/proto/tengen/v1/dataset.js';
import { Callers } from '../../../../src/server/access/callers.js';
import { Names } from '../../../../src/server/access/names.js';
import { makeDatasetService } from '../../../../src/server/services/dataset-service.js';
import { Uploads } from '../../../../src/server/transport/receive-upload.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { ThreadPool } from '../../../../src/threads/pool.js';

const work = new ThreadPool({ name: 'work', threads: 1, waiting: 8 });
let dataDir: string;
let store: Store;
let nowMs: number;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-datasets-'));
  nowMs = 1000;
  store = await openSqliteStore({ dataDir, now: () => nowMs++ });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

afterAll(() => work.close());

const context = { metadata: Metadata(), signal: new AbortController().signal } as CallContext;
const uploads = (): Uploads => new Uploads({ folder: join(dataDir, 'uploads'), maxBytes: 1 << 24, stallMs: 10_000 });

function importFile(text: string, settings: { name?: string; maxTokens?: bigint; maxBytes?: number } = {}) {
  const { name = 'd', maxTokens = 0n, maxBytes = 1000 } = settings;
  const messages = messagesOf(partsOfBytes(Buffer.from(text)), { name, maxTokens }, { name: '', maxTokens: 0n });
  const names = new Names(store.names, new Callers(''));
  const service = makeDatasetService({ datasets: store.datasets, names, uploads: uploads(), maxBytes, work });
  return service.importDataset(messages, context) as Promise<ImportDatasetResponse>;
}

describe('importing a data set', () => {
  it('keeps the file and names the lines that are no samples', async () => {
    const text = '{"text":"one"}\nbroken\n{"text":"two"}\n{"txt":"three"}\n';
    const { dataset, refused } = await importFile(text);
    expect(dataset).toMatchObject({ name: 'd', samples: 2, malformed: 2, sizeBytes: text.length });
    expect(refused.map(({ line }) => line)).toEqual([2, 4]);
    expect(refused[1]?.reason).toMatch(/it has none of the fields/);
    expect(Buffer.from(await store.datasets.read('d')).toString()).toBe(text);
  });

  it('takes tasks with an answer to check, and names those without one', async () => {
    const text = '{"prompt":"1+1=","answer":"2"}\n{"question":"?","answer":"so #### 3"}\n{"prompt":"4"}\n';
    const { dataset, refused } = await importFile(text);
    expect(dataset).toMatchObject({ samples: 2, malformed: 1 });
    expect(refused.map(({ line }) => line)).toEqual([3]);
  });

  it('stores nothing if a sample is longer than allowed, and says which', async () => {
    await expect(importFile('{"text":"ok"}\n{"text":"too long"}', { maxTokens: 5n })).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: /Line 2: it has 8 tokens/,
    });
    await expect(importFile('{"text":"ok"}', { maxTokens: 2n ** 64n - 1n })).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: 'max_tokens is 18446744073709551615; it must be from 0 to 9007199254740991',
    });
    expect(await store.datasets.list()).toEqual([]);
  });

  it('refuses what holds no sample, is too large or has no fitting name', async () => {
    await expect(importFile('x\n')).rejects.toThrow('no sample. Line 1: it is not JSON');
    await expect(importFile('{"text":"abc"}', { maxBytes: 5 })).rejects.toThrow('this server takes 5');
    await expect(importFile('{"text":"abc"}', { name: 'a/b' })).rejects.toThrow("'a/b'");
  });

  it('makes a new version of a name; both can be read', async () => {
    const first = await importFile('{"text":"one"}');
    const second = await importFile('{"text":"two"}');
    const { datasets } = (await makeDatasetService({
      datasets: store.datasets,
      names: new Names(store.names, new Callers('')),
      uploads: uploads(),
      maxBytes: 1,
      work,
    }).listDatasets({}, context)) as ListDatasetsResponse;
    expect(datasets.map(({ version }) => version)).toEqual([second.dataset?.version, first.dataset?.version]);
    expect((await store.datasets.get('d'))?.version).toBe(second.dataset?.version);
    expect(Buffer.from(await store.datasets.read(`d@${first.dataset?.version ?? ''}`)).toString()).toContain('one');
    await importFile('{"text":"one"}');
    expect((await store.datasets.get('d'))?.version).toBe(first.dataset?.version);
    await expect(store.datasets.read('e')).rejects.toMatchObject({ kind: 'not-found' });
  });
});

it('progress keeps where the time of a step went', async () => {
  const times = [{ rank: 1, microStep: 0, localMs: 1.5, waitingMs: 0, distributedMs: 2, tokens: 7 }];
  const point = { jobId: 'j', sequence: 1, timeMs: 5, event: 'train', metrics: { loss: 1 }, message: '' };
  await store.progress.append({ ...point, times });
  await store.progress.append({ ...point, sequence: 2 });
  expect(await store.progress.after('j', 0, 9)).toEqual([
    { ...point, times },
    { ...point, sequence: 2 },
  ]);
});
