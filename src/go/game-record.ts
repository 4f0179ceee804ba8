/**
 * A finished game as workers send it and the trainer keeps it: moves and what the search said, from which positions and
 * features are rebuilt whenever they are needed.
 */

import { AppError, check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import type { Seed } from '../core/rng.js';
import { BLACK, WHITE, type Color } from './color.js';
import { Position } from './position.js';
import { checkRules, checkSize, type Rules } from './rules.js';

/** What the search said before one move. */
export interface SearchRecord {
  /**
   * The search's policy as alternating action and probability in units of 1/65535, actions without weight left out; see
   * `packPolicy`. Empty where no search was made, as in a match opening.
   */
  readonly policy: Uint16Array;
  /** Root value for the side to move, in [-1, 1]. */
  readonly value: number;
  /** Simulations made. */
  readonly visits: number;
  /** Whether the policy is a training target. */
  readonly full: boolean;
  /** Kullback–Leibler divergence of the policy from the network's own, in nats; absent if unknown. */
  readonly surprise?: number;
}

/** Where a game belongs in a game tree; positions and searches before its branch are those of earlier variations. */
export interface VariationRecord {
  readonly treeId: string;
  /** 0 for the first game, then counting up. */
  readonly index: number;
  /** Moves up to and including the one drawn at the branch point; 0 for the first game. */
  readonly sharedMoves: number;
  /** Plies between the branch point that was sampled and the one that had an unexplored move. */
  readonly backUp: number;
  /** Whether the tree ends with this variation. */
  readonly isLast: boolean;
}

/** One finished game. */
export interface GameRecord {
  readonly gameId: string;
  readonly jobId: string;
  /** `name@version` of the model that started the game. */
  readonly modelVersion: string;
  readonly seed: Seed;
  readonly size: number;
  readonly rules: Rules;
  /** Points, or size² for a pass; Black first, the colors alternate. */
  readonly moves: readonly number[];
  /** One for every move, in order; in a variation for those after its shared moves. */
  readonly searches: readonly SearchRecord[];
  /** Who resigned; absent if the game was played out. */
  readonly resigned?: Color;
  /** Black's area minus White's minus komi on the final board, also after a resignation. */
  readonly score: number;
  /** Set for a rating game. */
  readonly match?: { readonly blackModel: string; readonly whiteModel: string; readonly opening: readonly number[] };
  /** Set for a game of a tree. */
  readonly variation?: VariationRecord;
}

/** The id of variation `index` of a tree; the first game has the tree's own. */
export function variationId(treeId: string, index: number): string {
  return index === 0 ? treeId : `${treeId}.${index}`;
}

/** Moves of a game that belong to earlier variations of its tree. */
export function sharedMovesOf(record: Pick<GameRecord, 'variation'>): number {
  return record.variation?.sharedMoves ?? 0;
}

/** Longest game that is accepted, in moves for every point of the board, and in moves on the smallest boards. */
const MOVES_PER_POINT = 8;
const MOVES_ANYWHERE = 200;
const POLICY_UNIT = 65_535;

/** The result for Black: 1 won, 0 drawn, −1 lost; resignation counts before the score. */
export function resultForBlack(record: Pick<GameRecord, 'resigned' | 'score'>): number {
  if (record.resigned !== undefined) return record.resigned === BLACK ? -1 : 1;
  return Math.sign(record.score) || 0;
}

/**
 * Packs a policy for a `SearchRecord`; shares below half a unit vanish.
 *
 * @param policy [size² + 1], sums to 1
 */
export function packPolicy(policy: ArrayLike<number>): Uint16Array {
  const pairs: number[] = [];
  for (let action = 0; action < policy.length; action++) {
    const units = Math.round(policy[action]! * POLICY_UNIT);
    if (units > 0) pairs.push(action, Math.min(units, POLICY_UNIT));
  }
  return Uint16Array.from(pairs);
}

/** Writes a packed policy into `out` [size² + 1] from `offset`, so that it sums to 1; all zero if it is empty. */
export function unpackPolicy(policy: Uint16Array, size: number, out: Float32Array, offset = 0): void {
  out.fill(0, offset, offset + size * size + 1);
  let total = 0;
  for (let i = 1; i < policy.length; i += 2) total += policy[i]!;
  for (let i = 0; i < policy.length; i += 2) out[offset + policy[i]!] = policy[i + 1]! / total;
}

/**
 * Steps through a game: yields the position before each move, then the final one. It is one object that moves on with
 * each step, so take what you need (`snapshot()`) before asking for the next.
 *
 * @throws AppError 'invalid-argument' at the first illegal move
 */
export function* positionsOf(record: Pick<GameRecord, 'size' | 'rules' | 'moves'>): Generator<Position, void> {
  const position = new Position(record.size, record.rules);
  for (const move of record.moves) {
    yield position;
    position.play(move);
  }
  yield position;
}

/**
 * Checks a submitted game by playing it: size and rules, every move legal and none after the end, one search a move with
 * a policy over legal moves that sums to 1, a value within [-1, 1], and the score that the board shows.
 *
 * @returns the final position
 * @throws AppError 'invalid-argument' naming the first thing that is wrong and the value seen
 */
export function replayGame(record: GameRecord): Position {
  const { size, rules, moves, searches, score } = record;
  const shared = sharedMovesOf(record);
  checkSize(size);
  checkRules(rules, size);
  const most = Math.max(MOVES_ANYWHERE, MOVES_PER_POINT * size * size);
  check(moves.length > 0 && moves.length <= most, () => `The game has ${moves.length} moves; 1 to ${most} are allowed`);
  checkVariation(record);
  check(
    searches.length === moves.length - shared,
    () => `The game has ${searches.length} searches for ${moves.length - shared} moves; there must be one for each`,
  );
  checkMatch(record);
  const position = new Position(size, rules);
  const legal = new Uint8Array(size * size + 1);
  moves.forEach((move, index) => {
    const search = searches[index - shared];
    if (search) {
      if (search.policy.length > 0) position.legal(legal);
      checkSearch(search, index + 1, legal);
    }
    position.play(move);
  });
  const resigned: number | undefined = record.resigned;
  check(
    resigned === undefined || resigned === BLACK || resigned === WHITE,
    () => `resigned is ${String(resigned)}; it must be 1 (black), 2 (white) or absent`,
  );
  const seen = position.score();
  check(Math.abs(score - seen) < 1e-3, () => `The score is ${score}; the final board says ${seen}`);
  return position;
}

function checkMatch({ match, moves, modelVersion }: GameRecord): void {
  if (match === undefined) {
    check(modelVersion !== '', 'The game names no model version');
    return;
  }
  check(match.blackModel !== '' && match.whiteModel !== '', 'The rating game names no model for one of its players');
  match.opening.forEach((move, index) => {
    if (moves[index] === move) return;
    throw new AppError(
      'invalid-argument',
      `Move ${index + 1} is ${String(moves[index])}; the opening of this rating game has ${move}`,
    );
  });
}

function checkVariation({ gameId, moves, match, variation }: GameRecord): void {
  if (!variation) return;
  const { treeId, index, sharedMoves, backUp } = variation;
  check(!match, 'The game is both a rating game and a variation');
  check(
    gameId === variationId(treeId, index),
    () =>
      `The game is ${quoted(gameId)}; variation ${index} of tree ${quoted(treeId)} is ${quoted(variationId(treeId, index))}`,
  );
  const [least, most] = index === 0 ? [0, 0] : [1, moves.length];
  check(
    sharedMoves >= least && sharedMoves <= most,
    () => `Variation ${index} shares ${sharedMoves} moves; it must be from ${least} to ${most}`,
  );
  check(backUp >= 0 && backUp <= moves.length, () => `back_up is ${backUp}; it must be from 0 to ${moves.length}`);
}

function checkSearch(
  { policy, value, visits, full, surprise = 0 }: SearchRecord,
  moveNumber: number,
  legal: Uint8Array,
): void {
  const where = (): string => `The search of move ${moveNumber}`;
  check(value >= -1 && value <= 1, () => `${where()} has value ${value}; it must be from -1 to 1`);
  check(Number.isInteger(visits) && visits >= 0, () => `${where()} has ${visits} visits; it must be a whole number`);
  check(surprise >= 0 && surprise < Infinity, () => `${where()} has surprise ${surprise}; it must not be negative`);
  check(policy.length > 0 || !full, () => `${where()} is a full one but has no policy`);
  check(policy.length % 2 === 0, () => `${where()} has a policy of ${policy.length} numbers; they must come in pairs`);
  if (policy.length === 0) return;
  let total = 0;
  let last = -1;
  for (let i = 0; i < policy.length; i += 2) {
    const action = policy[i]!;
    check(legal[action] === 1, () => `${where()} gives weight to ${action}, which is not a legal move there`);
    check(action > last, () => `${where()} lists action ${action} after ${last}; actions must rise`);
    last = action;
    total += policy[i + 1]!;
  }
  // Each probability was rounded by up to half a unit, and those that vanished by as much; a fraction of 1 % is far more.
  check(
    Math.abs(total - POLICY_UNIT) <= POLICY_UNIT / 100,
    () => `${where()} has a policy that sums to ${(total / POLICY_UNIT).toFixed(4)}; it must sum to 1`,
  );
}
