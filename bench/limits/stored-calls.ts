/** Calls about what is stored, much of it, and the store that they find. */

import { partsOfBytes } from '../../clients/shared/upload.js';
import { encodeSafetensors } from '../../src/nn/safetensors.js';
import { GameServiceDefinition } from '../../src/proto/tengen/v1/game.js';
import {
  GrowthDescription,
  GrowthServiceDefinition,
  type GrowCheckpointRequest,
} from '../../src/proto/tengen/v1/growth.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { GameRecord } from '../../src/proto/tengen/v1/self_play.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { ProgressRow, Store } from '../../src/store/store.js';
import { drain, type LimitCall } from './limit-call.js';

const SIDE = 19;
const MOVES = 300;
/** Entries of the longest page of games, points of a job that has run for days, and what else there is many of. */
const TREES = 1000;
const POINTS = 20_000;
const JOBS = 1000;
const TREE = 'large';
const VARIATIONS = 16;

/** Fills the data folder of a server that is yet to start. */
export async function fillStore(dataDir: string): Promise<void> {
  const store = await openSqliteStore({ dataDir, now: Date.now });
  try {
    const row = { kind: 'alphazero', configJson: JSON.stringify({ size: SIDE, variations: VARIATIONS }) };
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, (_, i) => store.jobs.create({ ...row, model: `m${i}` })),
    );
    await Promise.all(jobs.map(({ jobId }) => store.jobs.setState(jobId, 'done')));
    const { jobId } = (await store.jobs.list())[0]!;
    // The store takes 10,000 changes that wait for the disk.
    for (let from = 0; from < POINTS; from += POINTS / 4) {
      const points = Array.from({ length: POINTS / 4 }, (_, i) => pointOf(jobId, from + i + 1));
      await Promise.all(points.map((point) => store.progress.append(point)));
    }
    for (let index = 0; index < VARIATIONS; index++) await putGame(store, jobId, TREE, index);
    await Promise.all(Array.from({ length: TREES - 1 }, (_, i) => putGame(store, jobId, `game-${i}`, 0)));
  } finally {
    await store.close();
  }
}

function pointOf(jobId: string, sequence: number): ProgressRow {
  const metrics = { step: sequence, loss: 1 / sequence, policyLoss: 1, valueLoss: 1, games: sequence };
  return { jobId, sequence, timeMs: sequence, event: 'step', message: '', metrics };
}

/** A game whose searches weigh all points, as those of many simulations do. */
async function putGame(store: Store, jobId: string, treeId: string, index: number): Promise<void> {
  const sharedMoves = index === 0 ? 0 : 1;
  const moves = Array.from({ length: MOVES }, (_, i) => (i + index) % (SIDE * SIDE));
  const policy = Array.from({ length: 2 * SIDE * SIDE }, (_, i) => (i % 2 === 0 ? i / 2 : 181));
  const search = { policy: treeId === TREE ? policy : [0, 65_535], value: 0.1, visits: 1000, full: true };
  const gameId = index === 0 ? treeId : `${treeId}.${index}`;
  const variation = { treeId, index, sharedMoves, backUp: 0, isLast: index === VARIATIONS - 1 };
  const message = GameRecord.fromPartial({
    gameId,
    jobId,
    modelVersion: 'm@1',
    seed: 1n,
    size: SIDE,
    moves,
    score: 0.5,
    rules: { komi: 7.5, ko: 1, suicide: false },
    searches: moves.slice(sharedMoves).map(() => search),
    variation,
  });
  await store.games.put({
    gameId,
    jobId,
    modelVersion: 'm@1',
    kind: 'self-play',
    treeId,
    variation: index,
    isLast: variation.isLast,
    size: SIDE,
    positionCount: MOVES,
    moveCount: MOVES,
    score: 0.5,
    bytes: GameRecord.encode(message).finish(),
  });
}

/** The calls. */
export function storedCalls(): LimitCall[] {
  return [
    {
      name: 'GetGame of 16 games of 19×19',
      call: ({ connection }) => connection.client(GameServiceDefinition).getGame({ gameId: TREE }),
    },
    {
      name: 'ListGames of 1,000',
      call: ({ connection }) => connection.client(GameServiceDefinition).listGames({ limit: TREES }),
    },
    {
      name: 'WatchJob of 20,000 points',
      async call({ connection }) {
        const jobs = connection.client(JobServiceDefinition);
        const { jobId } = (await jobs.listJobs({})).jobs[0]!;
        await drain(jobs.watchJob({ jobId }));
      },
    },
    { name: 'ListJobs of 1,000', call: ({ connection }) => connection.client(JobServiceDefinition).listJobs({}) },
    { name: 'ListModels', call: ({ connection }) => connection.client(ModelServiceDefinition).listModels({}) },
    {
      name: 'GrowCheckpoint of 32 MB',
      call: ({ connection }) => drain(connection.client(GrowthServiceDefinition).growCheckpoint(growth())),
    },
  ];
}

async function* growth(): AsyncGenerator<GrowCheckpointRequest> {
  const [from, to] = [2000, 2400];
  const data = new Float32Array(2 * from * from);
  const file = encodeSafetensors(new Map([['w', { shape: [from, 2 * from], data }]]));
  const axis = { units: 'stream', isRead: false, parts: 0 };
  const description = GrowthDescription.fromPartial({
    units: [{ name: 'stream', from, to }],
    sourceLayers: 1,
    targetLayers: 1,
    parameters: [{ name: 'w', axes: [axis, { ...axis, isRead: true, parts: 2 }], isWriter: false }],
  });
  yield { body: { $case: 'description', value: description }, sizeBytes: 0, sha256: '' };
  for await (const { chunk, ...said } of partsOfBytes(file)) {
    yield { body: { $case: 'chunk', value: Buffer.from(chunk) }, ...said };
  }
}
