/**
 * A start off the beaten track, as in KataGo (arXiv 1902.10565, appendix D): a few moves of the raw policy, then a few
 * random moves are looked at with one evaluation each and the best of them is played. KataGo forks a game that is being
 * played and makes the komi fair; here the fork is the start of a game of its own, with the komi of the others.
 */

import type { Rng } from '../../src/core/rng.js';
import type { SearchRecord } from '../../src/go/game-record.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Question } from './running-game.js';

/** Plies before the fork are exponentially distributed with this mean, times the points of the board. */
const MEAN_SHARE = 0.025;
const LEAST_CANDIDATES = 3;
const MOST_CANDIDATES = 10;

/** What is recorded of a move that was not searched. */
export const noSearch: SearchRecord = { policy: new Uint16Array(0), value: 0, visits: 0, full: false };

/** Plays the fork on `position` and returns its moves. */
export function* earlyFork(
  model: string,
  position: Position,
  rng: Rng,
): Generator<Question, number[], readonly GoEvaluation[]> {
  const points = position.size * position.size;
  const plies = Math.floor(-Math.log(1 - rng.float()) * MEAN_SHARE * points);
  const moves: number[] = [];
  const play = (move: number): void => {
    position.play(move);
    moves.push(move);
  };
  for (let ply = 0; ply < plies && !position.isOver; ply++) {
    const [evaluation] = yield { model, positions: [position] };
    play(drawFromPolicy(evaluation!.logits, legalMoves(position), rng));
  }
  if (position.isOver) return moves;
  const board = legalMoves(position).filter((move) => move !== points);
  const count = LEAST_CANDIDATES + rng.int(MOST_CANDIDATES - LEAST_CANDIDATES + 1);
  const candidates = rng.shuffle(board).slice(0, count);
  if (candidates.length === 0) return moves;
  const after = candidates.map((move) => {
    const next = position.clone();
    next.play(move);
    return next;
  });
  const evaluations = yield { model, positions: after };
  let best = 0;
  // Values are the opponent's there.
  for (let i = 1; i < candidates.length; i++) if (evaluations[i]!.value < evaluations[best]!.value) best = i;
  play(candidates[best]!);
  return moves;
}

function legalMoves(position: Position): number[] {
  const legal = new Uint8Array(position.actionCount);
  position.legal(legal);
  return Array.from(legal.keys()).filter((move) => legal[move] === 1);
}

function drawFromPolicy(logits: Float32Array, moves: readonly number[], rng: Rng): number {
  const top = moves.reduce((most, move) => Math.max(most, logits[move]!), -Infinity);
  return moves[rng.weighted(moves.map((move) => Math.exp(logits[move]! - top)))]!;
}
