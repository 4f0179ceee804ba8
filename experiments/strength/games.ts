/** The games of the strength benchmark: a line of JSON each, appended as it ends, so that a run may be broken off and resumed. */

import { existsSync, readFileSync } from 'node:fs';
import type { FinishedGame } from '../../clients/cli/match/play-match.js';
import { appendResult } from '../../bench/shared/append-result.js';
import { matchResult, type MatchResult } from '../../clients/cli/match/result.js';

/** Where the games are, beside the other results. */
const file = 'bench/results/strength.jsonl';

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
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as StrengthGame);
}

/** Keeps a game. @throws AppError 'invalid-argument' if the code is no commit */
export function appendGame(game: StrengthGame): void {
  appendResult(file, game);
}

/** Results by match: `winRateGnugo10Visits1` and the like against GNU Go, `winRate PLAYER PLAYER` else; with intervals. */
export function report(games: readonly StrengthGame[]): Record<string, number | string> {
  const matches = new Map<string, StrengthGame[]>();
  for (const game of games) {
    const name = nameOf(game.players);
    matches.set(name, [...(matches.get(name) ?? []), game]);
  }
  const entries = [...matches].flatMap(([name, ofMatch]): [string, number | string][] => {
    const result = matchResult(ofMatch);
    return [
      [name, result.winRate],
      [`${name}Interval`, describe(result)],
    ];
  });
  return Object.fromEntries(entries);
}

function nameOf([player, opponent]: readonly [string, string]): string {
  const visits = /^bridge:(\d+)$/.exec(player)?.[1];
  const level = /^gnugo:(\d+)$/.exec(opponent)?.[1];
  return visits && level ? `winRateGnugo${level}Visits${visits}` : `winRate ${player} ${opponent}`;
}

function describe({ wins, draws, losses, winRateInterval }: MatchResult): string {
  const [low, high] = winRateInterval.map((rate) => rate.toFixed(3));
  return `${wins}-${draws}-${losses}, 95 % ${low} to ${high}`;
}
