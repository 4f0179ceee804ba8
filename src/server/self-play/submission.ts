/** Whether a submitted game is the one that was leased, and played by the rules; and how it is stored. */

import { AppError, check } from '../../core/errors.js';
import { inOneLine } from '../../core/quoted.js';
import { BLACK } from '../../go/color.js';
import type { GameRecord } from '../../go/game-record.js';
import type { NewGame } from '../../store/store.js';
import type { LeasedGame } from './lease-book.js';
import { checkNextVariation, isTree } from './next-variation.js';
import type { Moves } from './stored-trees.js';
import type { SubmittedGame } from './work-message.js';

/**
 * Checks a game, which was played through when it was read, against what was leased.
 *
 * @param earlier of a tree: the moves of its stored variations, in order
 * @returns the game
 * @throws AppError 'invalid-argument' naming the first thing that is wrong
 */
export function checkSubmission(
  game: SubmittedGame,
  { jobId, work }: Pick<LeasedGame, 'jobId' | 'work'>,
  earlier: readonly Moves[] = [],
): GameRecord {
  const { record, isOver, fault } = game;
  if (!record) throw new AppError('invalid-argument', fault);
  const { settings, match } = work;
  const { variation } = record;
  const same = (what: string, seen: unknown, leased: unknown): void =>
    check(seen === leased, () => `${what} is ${inOneLine(String(seen))}; the lease says ${String(leased)}`);
  same('job_id', record.jobId, jobId);
  same('seed', record.seed, work.seed);
  same('size', record.size, settings.size);
  same('rules.ko', record.rules.ko, settings.rules.ko);
  same('rules.suicide', record.rules.suicide, settings.rules.suicide);
  same('rules.komi', record.rules.komi, settings.rules.komi);
  same('match', record.match ? 'set' : 'absent', match ? 'set' : 'absent');
  if (match) {
    same('match.black_model', record.match?.blackModel, match.blackModel);
    same('match.white_model', record.match?.whiteModel, match.whiteModel);
    same('match.opening', record.match?.opening.join(' '), match.opening.join(' '));
  }
  same('variation', variation ? 'set' : 'absent', isTree(work) ? 'set' : 'absent');
  if (variation) checkNextVariation(variation, record.moves, settings.branching?.variations ?? 1, earlier);
  check(
    record.resigned === undefined || settings.resignThreshold > -1,
    'A side resigned; the lease says resign_threshold -1, which allows no resignation',
  );
  check(fault === '', fault);
  const limit = settings.maxMoves;
  if (record.moves.length > limit) {
    throw new AppError('invalid-argument', `The game has ${record.moves.length} moves; the lease allows ${limit}`);
  }
  if (!isOver && record.resigned === undefined && record.moves.length < limit) {
    throw new AppError(
      'invalid-argument',
      `The game is not over after ${record.moves.length} moves: nobody passed twice or resigned, and ${limit} are allowed`,
    );
  }
  return record;
}

/** The row of a game; `bytes` is its message. */
export function gameRow(record: GameRecord, bytes: Uint8Array): NewGame {
  const { gameId, jobId, modelVersion, size, searches, moves, score, match, variation } = record;
  return {
    gameId,
    jobId,
    modelVersion: match ? `${match.blackModel}|${match.whiteModel}` : modelVersion,
    kind: match ? 'match' : 'self-play',
    treeId: variation?.treeId ?? gameId,
    variation: variation?.index ?? 0,
    isLast: variation?.isLast ?? true,
    size,
    positionCount: match ? 0 : searches.filter(({ full }) => full).length,
    moveCount: moves.length,
    score,
    bytes,
  };
}

/** 'black', 'white' or 'draw', for logs. */
export function winnerOf(record: Pick<GameRecord, 'resigned' | 'score'>): string {
  if (record.resigned !== undefined) return record.resigned === BLACK ? 'white' : 'black';
  return record.score > 0 ? 'black' : record.score < 0 ? 'white' : 'draw';
}
