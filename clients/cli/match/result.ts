/** What a match says: score, Elo difference and their 95 % intervals. */

import type { FinishedGame } from './play-match.js';

/** The result from the first player's point of view. */
export interface MatchResult {
  readonly games: number;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
  /** Wins plus half the draws, over games. */
  readonly winRate: number;
  /** 95 % Wilson interval of the win rate. */
  readonly winRateInterval: readonly [number, number];
  /** Elo difference that the win rate stands for, and its interval; infinite ends are null in JSON. */
  readonly elo: number;
  readonly eloInterval: readonly [number, number];
}

/** Elo difference at which the expected score is `rate`. */
export function eloOf(rate: number): number {
  return 400 * Math.log10(rate / (1 - rate)) || 0;
}

/** Counts the games of a match. */
export function matchResult(games: readonly FinishedGame[]): MatchResult {
  const wins = games.filter(({ winner }) => winner === 0).length;
  const losses = games.filter(({ winner }) => winner === 1).length;
  return countedResult({ wins, draws: games.length - wins - losses, losses });
}

export function countedResult({ wins, draws, losses }: Pick<MatchResult, 'wins' | 'draws' | 'losses'>): MatchResult {
  const games = wins + draws + losses;
  const n = Math.max(1, games);
  const rate = (wins + draws / 2) / n;
  // Wilson (1927), z = 1.96; draws count as half a success, which makes the interval a little wide.
  const z2 = 1.96 ** 2;
  const centre = (rate + z2 / (2 * n)) / (1 + z2 / n);
  const half = (1.96 * Math.sqrt((rate * (1 - rate)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  const interval = [Math.max(0, centre - half), Math.min(1, centre + half)] as const;
  return {
    games,
    wins,
    draws,
    losses,
    winRate: rate,
    winRateInterval: interval,
    elo: eloOf(rate),
    eloInterval: [eloOf(interval[0]), eloOf(interval[1])],
  };
}
