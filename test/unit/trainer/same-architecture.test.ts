import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/nn/model-file.js';
import { alphaZeroKind } from '../../../src/trainer/alphazero/kind.js';
import { growKind } from '../../../src/trainer/grow/job.js';
import { describeModel } from '../../../src/server/models/model-file.js';
import { rftKind } from '../../../src/trainer/rft/job.js';
import { sftKind } from '../../../src/trainer/sft/job.js';
import { makeReward } from '../../../src/rewards/make-reward.js';
import { jobWorld } from '../../../src/server/job-world.js';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../src/store/store.js';
import { readSftConfig } from '../../../src/trainer/sft/config.js';
import { readLanguageModel } from '../../../src/trainer/sft/language-model.js';
import { tinyModel } from '../../support/served-models.js';

let dataDir: string;
let store: Store;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-same-'));
  store = await openSqliteStore({ dataDir, now: () => 5 });
  await put('player', tinyModel(5, 1));
  await put('speaker', languageModel(1));
  await put('deep', languageModel(3));
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true });
});

async function put(name: string, bytes: Uint8Array): Promise<void> {
  await store.models.put({ name, ...describeModel(bytes), step: 0 }, bytes);
}

function languageModel(layers: number): Uint8Array {
  const sizes = { layers, hidden: 16, heads: 2, keyValueHeads: 1 };
  return encodeModel(readLanguageModel(undefined, readSftConfig({ dataset: 'd', ...sizes })));
}

const kinds = () => {
  const world = jobWorld(store, cpuEngine, () => undefined);
  return {
    alphazero: alphaZeroKind(world),
    sft: sftKind(world),
    rft: rftKind(world, makeReward),
    grow: growKind(world),
  };
};

describe('a job on a model of another architecture', () => {
  it.each([
    ['alphazero', 'player', { blocks: 6 }, /player@\w+ has blocks 1; the settings ask for blocks 6/],
    ['alphazero', 'player', { network: 'katago' }, /has network resnet; the settings ask for network katago/],
    ['alphazero', 'speaker', { network: 'resnet' }, /has network transformer; the settings ask for network resnet/],
    ['sft', 'speaker', { layers: 2 }, /speaker@\w+ has layers 1; the settings ask for layers 2/],
    ['sft', 'player', {}, /has network resnet; the settings ask for network transformer/],
    ['sft', 'speaker', { base: 'deep' }, /has layers 1; deep@\w+, from which the job starts, has layers 3/],
    ['rft', 'deep', { base: 'speaker' }, /has layers 3; speaker@\w+, from which the job starts, has layers 1/],
    ['grow', 'deep', { source: 'speaker', layers: 4 }, /deep@\w+ has layers 3; the settings ask for layers 4/],
    ['grow', 'player', { source: 'speaker' }, /has network resnet; the settings ask for network transformer/],
  ] as const)('is refused: %s on %s with %o', async (kind, model, settings, message) => {
    await expect(kinds()[kind].checkModel!({ model, settings })).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['alphazero', 'player', {}],
    ['alphazero', 'player', { blocks: 1, channels: 8 }],
    ['alphazero', 'new', { blocks: 6 }],
    ['sft', 'speaker', { layers: 1, hidden: 16 }],
    ['sft', 'new', { base: 'deep' }],
    ['rft', 'speaker', {}],
    ['grow', 'speaker', { layers: 4 }],
    ['grow', 'deep', { source: 'speaker', layers: 3 }],
  ] as const)('is taken where it fits, or grows by itself: %s on %s with %o', async (kind, model, settings) => {
    await expect(kinds()[kind].checkModel!({ model, settings })).resolves.toBeUndefined();
  });
});
