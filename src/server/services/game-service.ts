/** GameService: stored games for people and programs that want to look at them. */

import type { ServiceImplementation } from 'nice-grpc';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { GameServiceDefinition, type GameSummary } from '../../proto/tengen/v1/game.js';
import type { GameRow, Store, TreeRow } from '../../store/store.js';
import { owned } from '../../threads/messages.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import { decodeWithoutSearches } from '../../wire/game-record.js';
import { sequenceFromWire } from '../../wire/whole-numbers.js';
import type { Parts } from '../parts.js';
import { answeredInBytes } from '../transport/answers.js';
import { service, type Service } from '../transport/service.js';
import { showTree, summaryOf } from './show-game.js';
import type * as shown from './show-game.js';

const showing = threadModule<typeof shown>(import.meta.url, './show-game.js');

/** Bytes of a tree from which on a thread makes it ready; less takes a few milliseconds, and does not wait for a thread. */
const LARGE = 256 * 1024;
/** After this that is given up. */
const MAX_MS = 60_000;

/** GameService with the answers of GetGame in bytes. */
const gameService = answeredInBytes(GameServiceDefinition, 'getGame');

/** Entries of a page, if the request does not say, and at most. */
const PAGE = 20;
const LONGEST_PAGE = 1000;

export function composeGames({ store, pools }: Parts): Service {
  return service(gameService, makeGameService(store, pools.work));
}

export function makeGameService(
  { games, jobs }: Pick<Store, 'games' | 'jobs'>,
  work: ThreadPool,
): ServiceImplementation<typeof gameService> {
  return {
    async listGames({ jobId, limit, before }) {
      check(limit <= LONGEST_PAGE, () => `limit is ${limit}; at most ${LONGEST_PAGE}`);
      const job = jobId === '' ? (await jobs.list())[0] : await jobs.get(jobId);
      if (jobId !== '' && !job) throw new AppError('not-found', `There is no job ${quoted(jobId)}`);
      if (!job) return { games: [] };
      const trees = await games.trees(job.jobId, limit || PAGE, before === 0n ? undefined : sequenceFromWire(before));
      const summaries: GameSummary[] = [];
      // One after the other: a game may have a megabyte.
      for (const tree of trees) summaries.push(await summarise(games, tree));
      return { games: summaries };
    },

    async getGame({ gameId }, { signal }) {
      const rows = await findTree(games, gameId);
      const { jobId } = rows[0]!;
      const job = await jobs.get(jobId);
      if (!job) throw new AppError('not-found', `The game '${gameId}' is of job '${jobId}', which there is not`);
      const size = rows.reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (size < LARGE) return showTree(rows, job.configJson);
      const given = rows.map((row) => ({ ...row, bytes: owned(row.bytes) }));
      const transfer = given.map(({ bytes }) => bytes.buffer);
      return await work.run(showing, 'showTree', [given, job.configJson], { signal, timeoutMs: MAX_MS, transfer });
    },
  };
}

async function summarise(games: Store['games'], tree: TreeRow): Promise<GameSummary> {
  const [first] = await games.after(tree.jobId, tree.sequence - 1, 1);
  return summaryOf(tree, decodeWithoutSearches(first!.bytes));
}

/** The games of a tree, by its id or that of one of them. @throws AppError 'not-found' */
async function findTree(games: Store['games'], gameId: string): Promise<readonly GameRow[]> {
  // The first game has the id of its tree; the others have a number behind it.
  for (const treeId of [gameId, gameId.replace(/\.\d+$/, '')]) {
    const rows = await games.tree(treeId);
    if (rows.some((row) => row.gameId === gameId)) return rows;
  }
  throw new AppError('not-found', `There is no game ${quoted(gameId)}`);
}
