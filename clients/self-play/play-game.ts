/**
 * Plays the game of a lease as a generator: it yields the positions that need an evaluation and returns the finished
 * record, so it is pure. The same task and evaluations give the same game.
 */

import type { GameTask } from './game-task.js';
import { playMatch } from './match-game.js';
import type { RunningGame } from './running-game.js';
import { playSelfPlay } from './self-play-game.js';

/** A self-play game, or a rating game if the task is one. */
export function playGame(task: GameTask): RunningGame {
  return task.match ? playMatch(task, task.match) : playSelfPlay(task);
}
