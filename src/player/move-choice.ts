/** From what a search thinks to the move that is made: when to pass, when to play on, when to resign. */

import { cleanUpMove } from '../go/clean-up.js';
import { BLACK, type Color } from '../go/color.js';
import type { Rng } from '../core/rng.js';
import type { Position } from '../go/position.js';
import { drawAction } from '../search/temperature.js';
import type { PlayerConfig } from './config.js';
import { toWinrate, type Candidate, type Opinion } from './opinion.js';

/** A move, or the end of the game. */
export type Choice = number | 'resign';

/** What the choice depends on beside the search. */
export interface ChoiceContext {
  /** The position that was searched. */
  readonly position: Position;
  readonly config: Pick<PlayerConfig, 'resignBelow' | 'resignTurns' | 'temperature'>;
  /** Own turns in a row, this one included, that looked lost. */
  readonly hopelessTurns: number;
  /** Whether a pass may be chosen while there is another move (not while cleaning up). */
  readonly mayPass: boolean;
  /** Drawn from where the temperature is above 0; without one the best move is played. */
  readonly rng?: Rng;
}

/** The stones as they stand, counted for `color`; positive if it wins. */
export function standingScore(position: Position, color: Color): number {
  return color === BLACK ? position.score() : -position.score();
}

/** Whether the mover's chance is below the threshold at which it resigns. */
export function looksLost(opinion: Opinion, resignBelow: number): boolean {
  return opinion.visits > 0 && toWinrate(bestValue(opinion)) < resignBelow;
}

/** The most visited move, unless one of the reasons below speaks against it. */
export function chooseMove(opinion: Opinion, context: ChoiceContext): Choice {
  const { position, config, hopelessTurns, mayPass } = context;
  const pass = position.actionCount - 1;
  const [best] = opinion.candidates;
  if (!best) return pass;
  const early = position.moveCount < (position.size * position.size) / 5;
  if (config.resignBelow > 0 && hopelessTurns >= config.resignTurns && !early) return 'resign';
  if (best.action !== pass) return varied(opinion, context);
  const other = opinion.candidates.find((candidate) => candidate.action !== pass);
  if (!other) return pass;
  if (mayPass && !throwsAway(opinion, position)) return pass;
  // What the search likes second may be anything; what is dead beyond doubt is taken first.
  return cleanUpMove(position) ?? other.action;
}

/** The best move, or at a temperature one drawn by the weights; never a pass. */
function varied({ candidates }: Opinion, { position, config, rng }: ChoiceContext): number {
  const pass = position.actionCount - 1;
  const moves = candidates.filter((candidate) => candidate.isSymmetryOf === undefined && candidate.action !== pass);
  const temperature = config.temperature * Math.pow(0.5, position.moveCount / position.size);
  const weights = moves.map((candidate) => candidate.weight);
  const drawn = rng && temperature >= 0.05 ? drawAction(weights, temperature, rng) : 0;
  return moves[drawn]!.action;
}

/**
 * A pass that the network likes because it takes dead stones as dead, while the rules count every stone on the board: if
 * the stones as they stand lose a game that is believed won, they have to be taken first.
 */
function throwsAway(opinion: Opinion, position: Position): boolean {
  return Math.max(opinion.rawValue, bestValue(opinion)) > 0 && standingScore(position, position.toMove) <= 0;
}

function bestValue(opinion: Opinion): number {
  const best: Candidate | undefined = opinion.candidates[0];
  return best && best.visits > 0 ? best.value : opinion.value;
}
