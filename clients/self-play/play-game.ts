/**
 * Plays the game of a lease as a generator: it yields the positions that need an evaluation and returns the finished
 * record, so it is pure. The same task and evaluations give the same game.
 */

import { Rng, type Seed } from '../../src/core/rng.js';
import type { GameTask } from './game-task.js';
import { playMatch } from './match-game.js';
import type { RunningGame } from './running-game.js';
import { playSelfPlay } from './self-play-game.js';

/** A game to play; plain data, so it may be played in another thread. */
export interface PlayedGame {
  readonly task: GameTask;
  readonly variation?: PlayedVariation;
}

/** Where a game of a tree begins. */
export interface PlayedVariation {
  /** Moves to replay. */
  readonly moves: readonly number[];
  /** Number of the game in its tree. */
  readonly index: number;
}

/** A self-play game, or a rating game if the task is one. */
export function playGame(task: GameTask, variation?: PlayedVariation): RunningGame {
  if (task.match) return playMatch(task, task.match);
  if (!variation) return playSelfPlay(task);
  return playSelfPlay(task, { moves: variation.moves, rng: variationRng(task.seed, variation.index) });
}

/** What a game of a tree draws from; the first game draws what it would draw alone. */
function variationRng(seed: Seed, index: number): Rng {
  const rng = new Rng(seed);
  return index === 0 ? rng : rng.fork(2 * index + 1);
}
