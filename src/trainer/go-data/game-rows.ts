/**
 * Training positions of one game, rebuilt from its record and kept compactly: about 60 bytes a position on 7×7 beside
 * the policies. Features and targets are made from them when a batch is drawn, so a change of features loses no data.
 */

import { check } from '../../core/errors.js';
import type { Rng } from '../../core/rng.js';
import { resultForBlack, sharedMovesOf, type GameRecord, type SearchRecord } from '../../go/game-record.js';
import { Position } from '../../go/position.js';
import type { Rules } from '../../go/rules.js';
import type { Snapshot } from '../../go/snapshot.js';
import { angleWeights } from '../../methods/curriculum/position-weight.js';
import type { RememberedGame } from './replay-memory.js';
import type { StoredGame } from './stored-game.js';

/** A game to train on; `rows` of its positions are training positions. */
export interface GameRows extends RememberedGame {
  /** Sequence of the first game of its tree, its own if it is a single game. */
  firstSequence: number;
  readonly size: number;
  readonly rules: Rules;
  /** All moves of the game. */
  readonly moves: readonly number[];
  /** Moves played before each training position [rows]. */
  readonly plies: Uint16Array;
  /** 0 empty, 1 black, 2 white [rows, size²]. */
  readonly stones: Uint8Array;
  /** What else a snapshot of each training position says [rows]. */
  readonly details: readonly Details[];
  /** What the search said there [rows]. */
  readonly searches: readonly SearchRecord[];
  readonly ending: Ending;
  /** The endings of all games through each training position [rows]. */
  readonly endings: (readonly Ending[])[];
  /** Value label of each training position [rows]: Black's chance to win, and that of a draw; see tree-labels.ts. */
  readonly wins: Float32Array;
  readonly draws: Float32Array;
  /** Angle concentration of each training position [rows], once it has been computed; see position-angles.ts. */
  angles?: Float32Array;
}

/** What little a snapshot says beside stones and moves, mostly nothing. */
export type Details = Pick<Snapshot, 'banned' | 'captured' | 'capturedBefore' | 'bonus'>;

/** The final board of a game. */
export interface Ending {
  /** Final score for Black, komi subtracted; of the board as it stood after a resignation. */
  readonly score: number;
  /** Final owner of each point [size²]: 1 Black, −1 White, 0 neither. */
  readonly area: Int8Array;
}

/** Which positions become training positions: those of full searches, or all (`value`). */
export type CheapPositions = 'skip' | 'value';

/** Shared by all positions of which there is nothing to say. */
const NOTHING: Details = { banned: [] };

/** Training positions in a game, without replaying it. */
export function countRows(record: GameRecord, cheap: CheapPositions): number {
  return record.searches.filter((search) => isTrained(search, cheap)).length;
}

/**
 * Replays a game; its labels are those of a single game. Costs a few microseconds a move.
 *
 * @throws AppError 'invalid-argument' if a move is illegal (records are checked before they are stored)
 */
export function makeGameRows({ sequence, record }: StoredGame, cheap: CheapPositions): GameRows {
  const { size, rules, moves } = record;
  const points = size * size;
  const shared = sharedMovesOf(record);
  check(record.searches.length === moves.length - shared, () => {
    const own = moves.length - shared;
    return `Game '${record.gameId}' has ${own} moves of its own and ${record.searches.length} searches; they must be equal`;
  });
  const rows = countRows(record, cheap);
  const plies = new Uint16Array(rows);
  const stones = new Uint8Array(rows * points);
  const details: Details[] = [];
  const searches: SearchRecord[] = [];
  const position = new Position(size, rules);
  moves.forEach((move, ply) => {
    const search = record.searches[ply - shared];
    if (search && isTrained(search, cheap)) {
      const snapshot = position.snapshot();
      stones.set(snapshot.stones, searches.length * points);
      plies[searches.length] = ply;
      details.push(detailsOf(snapshot));
      searches.push(search);
    }
    position.play(move);
  });
  const area = new Int8Array(points);
  position.areaInto(area);
  const ending = { score: record.score, area };
  const result = resultForBlack(record);
  return {
    firstSequence: sequence,
    sequence,
    rows,
    size,
    rules,
    moves,
    plies,
    stones,
    details,
    searches,
    ending,
    endings: Array<readonly Ending[]>(rows).fill([ending]),
    wins: new Float32Array(rows).fill(result > 0 ? 1 : 0),
    draws: new Float32Array(rows).fill(result === 0 ? 1 : 0),
  };
}

function detailsOf({ banned, captured = [], capturedBefore = [], bonus = 0 }: Snapshot): Details {
  if (banned.length + captured.length + capturedBefore.length === 0 && bonus === 0) return NOTHING;
  return { banned, captured, capturedBefore, bonus };
}

/** Moves without any search, as in an early fork, never train. */
function isTrained({ full, policy }: SearchRecord, cheap: CheapPositions): boolean {
  return full || (cheap === 'value' && policy.length > 0);
}

/** Shares of the draws within a game that follow a signal; the others are even. */
export interface DrawShares {
  /** By how much the search surprised the network there (KataGo's policy-surprise weighting, docs/KataGoMethods.md). */
  readonly surprise: number;
  /** By angle concentration. */
  readonly angle: number;
}

/** Draws one of the positions of a game. */
export function drawRow({ searches, angles }: GameRows, shares: DrawShares, rng: Rng): number {
  const choice = rng.float();
  if (choice < shares.surprise) {
    const surprises = searches.map(({ surprise = 0 }) => surprise);
    if (surprises.some((surprise) => surprise > 0)) return rng.weighted(surprises);
  } else if (angles && choice < shares.surprise + shares.angle) return rng.weighted(angleWeights(angles));
  return rng.int(searches.length);
}
