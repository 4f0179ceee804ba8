/** What a person or a program wants to know of a tree or a single game, from the server's answer. */

import { AppError } from '../../src/core/errors.js';
import { resultForBlack, sharedMovesOf, type GameRecord } from '../../src/go/game-record.js';
import { formatResult } from '../../src/go/sgf/write.js';
import { formatVertex } from '../../src/go/vertex.js';
import { GameKind, type GamePosition, type GetGameResponse } from '../../src/proto/tengen/v1/game.js';
import { gameRecordFromWire } from '../../src/wire/game-record.js';

const kindNames: Record<number, string> = {
  [GameKind.SINGLE]: 'game',
  [GameKind.TREE]: 'tree',
  [GameKind.MATCH]: 'match',
};

/** The word for a kind of game. */
export function kindName(kind: GameKind): string {
  return kindNames[kind] ?? 'unknown';
}

/** Where a variation leaves an earlier one. */
export interface BranchView {
  /** Index of the variation in which the branch point came up first. */
  readonly parent: number;
  /** Moves before the branch point. */
  readonly ply: number;
  /** The drawn move, such as 'W E5'. */
  readonly move: string;
  /** Of the branch point, by what is known now; absent if it was not searched. */
  readonly labelChangeRate?: number;
  readonly backUp: number;
}

export interface VariationView {
  readonly gameId: string;
  readonly modelVersion: string;
  /** Absent for the first game. */
  readonly branch?: BranchView;
  readonly moves: number;
  /** Positions that it was the first to search. */
  readonly newPositions: number;
  /** As SGF writes it. */
  readonly result: string;
  /** 1 Black won, 0 drawn, −1 White won. */
  readonly winner: number;
}

/** A tree, or a single game as a tree of one. */
export interface GameView {
  readonly gameId: string;
  readonly kind: string;
  readonly jobId: string;
  readonly modelVersion: string;
  readonly size: number;
  readonly komi: number;
  readonly createdAtMs: number;
  /** Games that the tree is to have. */
  readonly plannedVariations: number;
  /** Whether no further game will be added. */
  readonly isComplete: boolean;
  readonly threshold: number;
  readonly eligibleShare: number;
  readonly variations: readonly VariationView[];
  readonly positions: readonly GamePosition[];
}

/** The games of an answer. @throws AppError 'internal' if there are none */
export function recordsOf({ variations }: GetGameResponse): GameRecord[] {
  if (variations.length === 0) throw new AppError('internal', 'The server sent no games');
  return variations.map(gameRecordFromWire);
}

/** Puts an answer of the server in a person's terms. */
export function viewOf(response: GetGameResponse): GameView {
  const records = recordsOf(response);
  const { game, positions, threshold, eligibleShare, plannedVariations } = response;
  if (!game) throw new AppError('internal', 'The server sent no summary of the game');
  const { gameId, kind, jobId, modelVersion, createdAtMs } = game;
  const [first] = records;
  return {
    gameId,
    kind: kindName(kind),
    jobId,
    modelVersion,
    createdAtMs,
    size: first!.size,
    komi: first!.rules.komi,
    plannedVariations,
    threshold,
    eligibleShare,
    isComplete: kind !== GameKind.TREE || records.at(-1)!.variation?.isLast === true,
    variations: records.map((record, index) => variationView(records, index, positions)),
    positions,
  };
}

function variationView(
  records: readonly GameRecord[],
  index: number,
  positions: readonly GamePosition[],
): VariationView {
  const record = records[index]!;
  const { gameId, modelVersion, moves, score, resigned } = record;
  const branch = branchView(records, index, positions);
  return {
    gameId,
    modelVersion,
    ...(branch && { branch }),
    moves: moves.length,
    newPositions: positions.filter(({ variation }) => variation === index).length,
    result: formatResult(score, resigned),
    winner: resultForBlack(record),
  };
}

function branchView(
  records: readonly GameRecord[],
  index: number,
  positions: readonly GamePosition[],
): BranchView | undefined {
  const { moves, size, variation } = records[index]!;
  const ply = sharedMovesOf(records[index]!) - 1;
  if (ply < 0) return undefined;
  const sharesPath = ({ moves: others }: GameRecord): boolean =>
    others.length >= ply && moves.slice(0, ply).every((move, at) => others[at] === move);
  const parent = records.findIndex(sharesPath);
  const point = positions.find((position) => position.variation === parent && position.ply === ply);
  return {
    parent,
    ply,
    backUp: variation?.backUp ?? 0,
    move: `${ply % 2 === 0 ? 'B' : 'W'} ${formatVertex(moves[ply]!, size)}`,
    ...(point && { labelChangeRate: point.labelChangeRate }),
  };
}
