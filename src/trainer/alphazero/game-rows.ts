/**
 * Training positions of one game, rebuilt from its record and kept compactly: about 60 bytes a position on 7×7 beside
 * the policies. Features and targets are made from them when a batch is drawn, so a change of features loses no data.
 */

import { check } from '../../core/errors.js';
import { resultForBlack, type GameRecord, type SearchRecord } from '../../go/game-record.js';
import { Position } from '../../go/position.js';
import type { Rules } from '../../go/rules.js';
import type { RememberedGame } from '../replay-memory.js';
import type { StoredGame } from './ports.js';

/** A game to train on; `rows` of its positions are training positions. */
export interface GameRows extends RememberedGame {
  readonly size: number;
  readonly rules: Rules;
  /** All moves of the game. */
  readonly moves: readonly number[];
  /** Moves played before each training position [rows]. */
  readonly plies: Uint16Array;
  /** 0 empty, 1 black, 2 white [rows, size²]. */
  readonly stones: Uint8Array;
  /** Points banned by ko at each training position [rows]. */
  readonly banned: readonly (readonly number[])[];
  /** What the search said there [rows]. */
  readonly searches: readonly SearchRecord[];
  /** 1 Black won, 0 draw, −1 White won. */
  readonly result: number;
  /** Final score for Black, komi subtracted; of the board as it stood after a resignation. */
  readonly score: number;
  /** Final owner of each point [size²]: 1 Black, −1 White, 0 neither. */
  readonly area: Int8Array;
}

/** Which positions become training positions: those of full searches, or all (`value`). */
export type CheapPositions = 'skip' | 'value';

const NONE: readonly number[] = [];

/** Training positions in a game, without replaying it. */
export function countRows(record: GameRecord, cheap: CheapPositions): number {
  return cheap === 'value' ? record.searches.length : record.searches.filter(({ full }) => full).length;
}

/**
 * Replays a game. Costs a few microseconds a move.
 *
 * @throws AppError 'invalid-argument' if a move is illegal (records are checked before they are stored)
 */
export function makeGameRows({ sequence, record }: StoredGame, cheap: CheapPositions): GameRows {
  const { size, rules, moves } = record;
  const points = size * size;
  check(record.searches.length === moves.length, () => {
    return `Game '${record.gameId}' has ${moves.length} moves and ${record.searches.length} searches; they must be equal`;
  });
  const rows = countRows(record, cheap);
  const plies = new Uint16Array(rows);
  const stones = new Uint8Array(rows * points);
  const banned: (readonly number[])[] = [];
  const searches: SearchRecord[] = [];
  const position = new Position(size, rules);
  moves.forEach((move, ply) => {
    const search = record.searches[ply]!;
    if (search.full || cheap === 'value') {
      const snapshot = position.snapshot();
      stones.set(snapshot.stones, searches.length * points);
      plies[searches.length] = ply;
      banned.push(snapshot.banned.length === 0 ? NONE : snapshot.banned);
      searches.push(search);
    }
    position.play(move);
  });
  const area = new Int8Array(points);
  position.areaInto(area);
  const result = resultForBlack(record);
  return { sequence, rows, size, rules, moves, plies, stones, banned, searches, result, score: record.score, area };
}
