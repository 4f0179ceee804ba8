/** What is shown of stored games. A large tree is made ready in a thread: to read its searches takes seconds. */

import type { GameRecord } from '../../go/game-record.js';
import { formatResult } from '../../go/sgf/write.js';
import { eligibilityOf } from '../../methods/branching/branch-point.js';
import { GameTree } from '../../methods/branching/game-tree.js';
import { valueLabel } from '../../methods/branching/value-label.js';
import { GameKind, GetGameResponse, type GamePosition, type GameSummary } from '../../proto/tengen/v1/game.js';
import type { GameRow, TreeRow } from '../../store/store.js';
import { branchSettings, readGoDataSettings } from '../../trainer/go-data/settings.js';
import { decodeGameRecord, gameRecordToWire } from '../../wire/game-record.js';
import { addRecord } from '../../wire/record-tree.js';
import { encodeAnswer } from '../transport/carry-out.js';

/** A tree as one line of a list of games. */
export function summaryOf(tree: TreeRow, first: GameRecord): GameSummary {
  const { treeId, jobId, modelVersion, games, positions, createdAtMs, sequence } = tree;
  return {
    gameId: treeId,
    jobId,
    modelVersion,
    variations: games,
    positions,
    createdAtMs,
    sequence,
    kind: first.match ? GameKind.MATCH : first.variation ? GameKind.TREE : GameKind.SINGLE,
    moves: first.moves.length,
    result: formatResult(first.score, first.resigned),
  };
}

/**
 * What branching makes of games, by the settings of their job: the answer of GetGame in bytes.
 *
 * @param rows of one tree, in order, at least one
 */
export function showTree(rows: readonly GameRow[], configJson: string): Uint8Array {
  const config = readGoDataSettings(JSON.parse(configJson) as Record<string, unknown>);
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
  return encodeAnswer(GetGameResponse, {
    game: summary,
    variations,
    positions,
    threshold,
    eligibleShare,
    plannedVariations,
  });
}
