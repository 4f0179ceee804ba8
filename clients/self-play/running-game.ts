/** A game under way as a generator, and how it becomes a record. */

import type { GoEvaluation } from '../../src/go/evaluation.js';
import { packPolicy, type GameRecord, type SearchRecord } from '../../src/go/game-record.js';
import type { Position } from '../../src/go/position.js';
import type { SearchResult } from '../../src/search/search-result.js';
import type { GameTask } from './game-task.js';
import type { Resignation } from './resignation.js';

/** Positions to evaluate with one model; scratch copies, valid until the game is resumed. */
export interface Question {
  readonly model: string;
  readonly positions: readonly Position[];
}

/** A game under way: takes the evaluations of each question, ends with the record. */
export type RunningGame = Generator<Question, GameRecord, readonly GoEvaluation[]>;

/** Turns the leaves of a search into questions to `model`. */
export function* asking<R>(
  model: string,
  searching: Generator<readonly Position[], R, readonly GoEvaluation[]>,
): Generator<Question, R, readonly GoEvaluation[]> {
  for (let step = searching.next(); ;) {
    if (step.done) return step.value;
    step = searching.next(yield { model, positions: step.value });
  }
}

export function searchRecord(result: SearchResult, full: boolean): SearchRecord {
  const value = Math.max(-1, Math.min(1, result.value));
  const { simulations: visits, surprise } = result;
  return { policy: packPolicy(result.policy), value, visits, full, surprise };
}

/** The record of a game that has ended. */
export function finished(
  task: GameTask,
  position: Position,
  moves: readonly number[],
  searches: readonly SearchRecord[],
  { resigned }: Resignation,
): GameRecord {
  const { gameId, jobId, modelVersion, seed, settings, match } = task;
  return {
    gameId,
    jobId,
    modelVersion,
    seed,
    size: settings.size,
    rules: settings.rules,
    moves,
    searches,
    ...(resigned !== undefined && { resigned }),
    score: position.score(),
    ...(match && { match }),
  };
}
