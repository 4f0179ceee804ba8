/** The games of the matches: a line of JSON each, appended as it ends, so that a match may be broken off and resumed. */

import type { FinishedGame } from '../../clients/cli/match/play-match.js';
import { appendResult } from '../../bench/shared/append-result.js';
import { readLines, resultsFile } from '../shared/files.js';

const file = resultsFile('strength', 'games.jsonl');

/** One game and what it was part of. */
export interface StrengthGame extends FinishedGame {
  /** The players as they were named on the command line. */
  readonly players: readonly [string, string];
  readonly network: string;
  readonly size: number;
  readonly komi: number;
}

/** Every game so far. */
export function readGames(): StrengthGame[] {
  return readLines(file);
}

/** Keeps a game. @throws AppError 'invalid-argument' if the code is no commit */
export function appendGame(game: StrengthGame): void {
  appendResult(file, game);
}
