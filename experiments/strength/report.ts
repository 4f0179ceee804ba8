/** What the games say, match by match. */

import { matchResult, type MatchResult } from '../../clients/cli/match/result.js';
import type { StrengthGame } from './games.js';

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
