import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, type CallContext } from 'nice-grpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Callers } from '../../../../src/server/access/callers.js';
import { jobModels } from '../../../../src/server/job-world.js';
import { Names } from '../../../../src/server/access/names.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { tinyModel } from '../../../support/served-models.js';

let dataDir: string;
let store: Store;
const callers = new Callers('', 'alice:train=a, bob:train=b, carol:admin=c');

async function open(): Promise<Names> {
  store = await openSqliteStore({ dataDir, now: () => 5 });
  return new Names(store.names, callers);
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-names-'));
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

const denied = (name: string, owner: string) => ({
  kind: 'permission-denied',
  message: expect.stringMatching(
    new RegExp(`^The (model|data set) '${name}' belongs to ${owner}; the token 'bob' of level train may write only`),
  ) as string,
});

function callOf(token: string): CallContext {
  return { metadata: Metadata({ authorization: `Bearer ${token}` }) } as CallContext;
}

describe('a name', () => {
  it('belongs to the token that uses it first, and to no other but those that it is granted to', async () => {
    let names = await open();
    await names.claimFor(callOf('a'), 'model', 'm');
    await store.models.put({ name: 'm', size: 5, parameterCount: 1, architectureJson: '{}', step: 0 }, Buffer.of(1));
    await names.claimFor(callOf('a'), 'model', 'm');
    await expect(names.claimFor(callOf('b'), 'model', 'm')).rejects.toMatchObject(denied('m', "the token 'alice'"));
    await names.claimFor(callOf('c'), 'model', 'm');
    await expect(names.claimFor(callOf('b'), 'model', 'm')).rejects.toThrow('tengen models grant m bob');
    // A data set of the same name is something else.
    await names.claimFor(callOf('b'), 'dataset', 'm');

    expect(await store.names.grant('model', 'm', 'bob')).toMatchObject({ owner: 'alice', granted: ['bob'] });
    await store.close();
    names = await open();
    await names.claim('model', 'm', 'bob');
    expect(await store.names.revoke('model', 'm', 'bob')).toMatchObject({ owner: 'alice', granted: [] });
    await expect(names.claim('model', 'm', 'bob')).rejects.toMatchObject(denied('m', "the token 'alice'"));
    await expect(store.names.revoke('model', 'm', 'bob')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('that an admin used, or that had something before names had owners, is the admins’', async () => {
    const names = await open();
    await names.claim('model', 'used', '');
    await store.models.put({ name: 'old', size: 5, parameterCount: 1, architectureJson: '{}', step: 0 }, Buffer.of(1));
    await store.jobs.create({ kind: 'alphazero', model: 'planned', configJson: '{}' });
    await store.datasets.put({ name: 'old', samples: 1, malformed: 0 }, Buffer.of(2));
    await store.names.grant('model', 'promised', 'alice');
    for (const name of ['used', 'old', 'planned', 'promised']) {
      await expect(names.claim('model', name, 'bob')).rejects.toMatchObject(denied(name, 'the admins'));
    }
    await expect(names.claim('dataset', 'old', 'bob')).rejects.toMatchObject(denied('old', 'the admins'));
    await names.claim('model', 'promised', 'alice');
  });

  it('of a token under which nothing was written becomes the admins’ when an admin writes under it', async () => {
    const names = await open();
    await names.claim('model', 'm', 'bob');
    const job = await store.jobs.create({ kind: 'sft', model: 'm', configJson: '{}', createdBy: 'bob' });
    await names.claim('model', 'm', '');
    // A job runs on it.
    await names.claim('model', 'm', 'bob');
    await store.jobs.setState(job.jobId, 'failed', 'no data');
    expect(await store.names.grant('model', 'm', 'alice')).toMatchObject({ owner: 'bob', granted: ['alice'] });
    await names.claim('model', 'm', '');
    await expect(names.claim('model', 'm', 'bob')).rejects.toMatchObject(denied('m', 'the admins'));
    await expect(names.check('model', 'm', 'bob')).rejects.toMatchObject(denied('m', 'the admins'));
  });

  it('is looked up without being claimed', async () => {
    const names = await open();
    await names.checkFor(callOf('b'), 'model', 'm');
    await names.claimFor(callOf('a'), 'model', 'm');
    await names.checkFor(callOf('a'), 'model', 'm');
    await expect(names.checkFor(callOf('b'), 'model', 'm')).rejects.toMatchObject(denied('m', "the token 'alice'"));
  });
});

describe('a job', () => {
  const file = (seed: number) => Buffer.from(tinyModel(5, seed));
  const modelsOf = (createdBy: string) => jobModels(store, { model: 'm', createdBy }, () => undefined);

  it('stores and promotes versions only while its creator may write under the name', async () => {
    const names = await open();
    await names.claim('model', 'm', 'alice');
    const first = await modelsOf('alice').put(file(1), { step: 1 });
    await store.names.grant('model', 'm', 'bob');
    const second = await modelsOf('bob').put(file(2), { step: 2 });
    await store.names.revoke('model', 'm', 'bob');
    await expect(modelsOf('bob').promote(second)).rejects.toMatchObject(denied('m', "the token 'alice'"));
    await expect(modelsOf('bob').put(file(3), { step: 3 })).rejects.toMatchObject(denied('m', "the token 'alice'"));
    expect(await store.models.get('m')).toMatchObject({ version: first.split('@')[1] });
    expect(await store.models.list('m')).toHaveLength(2);

    await store.close();
    await open();
    await expect(modelsOf('bob').promote(second)).rejects.toMatchObject(denied('m', "the token 'alice'"));
    await modelsOf('alice').promote(second);
    await modelsOf('').promote(first);
  });

  it('keeps who created it', async () => {
    await open();
    const { jobId } = await store.jobs.create({ kind: 'sft', model: 'm', configJson: '{}', createdBy: 'alice' });
    await store.close();
    await open();
    expect(await store.jobs.get(jobId)).toMatchObject({ createdBy: 'alice' });
  });
});
