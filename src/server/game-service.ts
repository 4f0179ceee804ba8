/** GameService: stored games for people and programs that want to look at them. */

import { AppError, check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { GameRecord } from '../go/game-record.js';
import { formatResult } from '../go/sgf.js';
import { eligibilityOf } from '../methods/branching/branch-point.js';
import { GameTree } from '../methods/branching/game-tree.js';
import { valueLabel } from '../methods/branching/value-label.js';
import {
  GameKind,
  type GamePosition,
  type GameServiceImplementation,
  type GameSummary,
  type GetGameResponse,
} from '../proto/tengen/v1/game.js';
import type { GameRow, Store, TreeRow } from '../store/store.js';
import { branchSettings, readAlphaZeroConfig, type AlphaZeroConfig } from '../trainer/alphazero/config.js';
import { decodeGameRecord, gameRecordToWire } from '../wire/game-record.js';
import { addRecord } from '../wire/record-tree.js';
import { sequenceFromWire } from '../wire/whole-numbers.js';

/** Entries of a page, if the request does not say, and at most. */
const PAGE = 20;
const LONGEST_PAGE = 1000;

/** Makes the service. */
export function makeGameService({ games, jobs }: Pick<Store, 'games' | 'jobs'>): GameServiceImplementation {
  return {
    async listGames({ jobId, limit, before }) {
      check(limit <= LONGEST_PAGE, () => `limit is ${limit}; at most ${LONGEST_PAGE}`);
      const job = jobId === '' ? (await jobs.list())[0] : await jobs.get(jobId);
      if (jobId !== '' && !job) throw new AppError('not-found', `There is no job ${quoted(jobId)}`);
      if (!job) return { games: [] };
      const trees = await games.trees(job.jobId, limit || PAGE, before === 0n ? undefined : sequenceFromWire(before));
      const summaries = trees.map(async (tree) => {
        const [first] = await games.after(job.jobId, tree.sequence - 1, 1);
        return summaryOf(tree, decodeGameRecord(first!.bytes));
      });
      return { games: await Promise.all(summaries) };
    },

    async getGame({ gameId }) {
      const rows = await findTree(games, gameId);
      const { jobId } = rows[0]!;
      const job = await jobs.get(jobId);
      if (!job) throw new AppError('not-found', `The game '${gameId}' is of job '${jobId}', which there is not`);
      return showTree(rows, readAlphaZeroConfig(JSON.parse(job.configJson) as Record<string, unknown>));
    },
  };
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

function summaryOf(tree: TreeRow, first: GameRecord): GameSummary {
  const { treeId, jobId, modelVersion, games, positions, createdAtMs, sequence } = tree;
  return {
    ...{ gameId: treeId, jobId, modelVersion, variations: games, positions, createdAtMs, sequence },
    kind: first.match ? GameKind.MATCH : first.variation ? GameKind.TREE : GameKind.SINGLE,
    moves: first.moves.length,
    result: formatResult(first.score, first.resigned),
  };
}

/**
 * What branching makes of games, by the settings of their job.
 *
 * @param rows of one tree, in order, at least one
 */
function showTree(rows: readonly GameRow[], config: AlphaZeroConfig): GetGameResponse {
  const first = rows[0]!;
  const records = rows.map(({ bytes }) => decodeGameRecord(bytes));
  const tree = new GameTree();
  for (const record of records) addRecord(tree, record);
  const settings = branchSettings(config);
  const { lcr, weights, threshold, eligibleShare } = eligibilityOf(tree, settings);
  const positions = tree.positions.map((node, i): GamePosition => ({
    variation: node.variation,
    ply: node.ply,
    labelChangeRate: lcr[i]!,
    winRate: node.searched!.winRate,
    valueLabel: valueLabel(node, config.valueLabel, config.labelStrength),
    games: node.results.length,
    eligible: weights[i]! > 0,
  }));
  const counted = rows.reduce((sum, { positionCount }) => sum + positionCount, 0);
  const last = rows.at(-1)!;
  const summary = summaryOf({ ...first, games: rows.length, positions: counted, isComplete: last.isLast }, records[0]!);
  const plannedVariations = summary.kind === GameKind.TREE ? settings.variations : 1;
  const variations = records.map(gameRecordToWire);
  return { game: summary, variations, positions, threshold, eligibleShare, plannedVariations };
}
