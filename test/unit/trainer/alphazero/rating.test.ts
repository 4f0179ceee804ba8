import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { fitRatings, winChance, type PairResult } from '../../../../src/trainer/alphazero/rating.js';
import { formatRatingTable } from '../../../../src/trainer/alphazero/rating-table.js';

const pair = (a: number, b: number, wins: number, losses: number, draws = 0): PairResult => ({
  a,
  b,
  wins,
  draws,
  losses,
});

describe('ratings', () => {
  it('puts 75 wins of 100 at 400·log10(3) Elo, with the interval of a binomial', () => {
    const [first, second] = fitRatings(2, [pair(1, 0, 75, 25)], { priorDraws: 0 });
    expect(first).toEqual({ elo: 0, interval: 0, games: 100 });
    expect(second!.elo).toBeCloseTo(400 * Math.log10(3), 1);
    // The standard error of a log-odds is 1 / √(n·p·q).
    expect(second!.interval).toBeCloseTo((1.959964 * 400) / Math.LN10 / Math.sqrt(100 * 0.75 * 0.25), 1);
  });

  it('counts a draw as half a win for each side', () => {
    const [, drawn] = fitRatings(2, [pair(0, 1, 10, 10, 20)], { priorDraws: 0 });
    expect(drawn!.elo).toBeCloseTo(0, 6);
    const halves = fitRatings(2, [pair(1, 0, 20, 10, 10)], { priorDraws: 0 })[1]!.elo;
    expect(halves).toBeCloseTo(fitRatings(2, [pair(1, 0, 25, 15)], { priorDraws: 0 })[1]!.elo, 6);
  });

  it('does not care who is named first, or whether a pair comes in pieces', () => {
    const whole = fitRatings(3, [pair(0, 1, 3, 9, 2), pair(1, 2, 4, 8)]);
    const pieces = fitRatings(3, [pair(1, 0, 9, 1), pair(0, 1, 2, 0, 2), pair(2, 1, 8, 4)]);
    for (let i = 0; i < 3; i++) expect(pieces[i]!.elo).toBeCloseTo(whole[i]!.elo, 6);
  });

  it('adds differences along a chain of players, and doubt with them', () => {
    const ratings = fitRatings(3, [pair(1, 0, 75, 25), pair(2, 1, 75, 25)], { priorDraws: 0 });
    expect(ratings[2]!.elo).toBeCloseTo(2 * 400 * Math.log10(3), 0);
    expect(ratings[2]!.interval).toBeCloseTo(Math.SQRT2 * ratings[1]!.interval, 0);
  });

  it('finds the strengths that random games were drawn from', () => {
    const rng = new Rng(5);
    const truth = [0, 150, 90, 320, 410];
    const results: PairResult[] = [];
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < a; b++) {
        let wins = 0;
        for (let game = 0; game < 2000; game++) if (rng.float() < winChance(truth[a]! - truth[b]!)) wins++;
        results.push(pair(a, b, wins, 2000 - wins));
      }
    }
    const ratings = fitRatings(5, results);
    truth.forEach((elo, i) => {
      expect(Math.abs(ratings[i]!.elo - elo)).toBeLessThanOrEqual(1.5 * ratings[i]!.interval);
    });
  });

  it('keeps the rating of a player who won everything finite, and higher after more wins', () => {
    const few = fitRatings(2, [pair(1, 0, 5, 0)])[1]!;
    const many = fitRatings(2, [pair(1, 0, 50, 0)])[1]!;
    expect(Number.isFinite(few.elo) && few.elo > 100).toBe(true);
    expect(many.elo).toBeGreaterThan(few.elo);
    expect(many.elo).toBeLessThan(2000);
  });

  it('gives a player without games no rating to speak of and a vast interval', () => {
    const [, , idle] = fitRatings(3, [pair(1, 0, 5, 5)]);
    expect(idle).toMatchObject({ elo: 0, games: 0 });
    expect(idle!.interval).toBeGreaterThan(5000);
  });

  it('handles long chains of lopsided results', () => {
    const results = Array.from({ length: 59 }, (_, i) => pair(i + 1, i, 30, 2));
    const ratings = fitRatings(60, results);
    for (let i = 1; i < 60; i++) expect(ratings[i]!.elo).toBeGreaterThan(ratings[i - 1]!.elo);
    expect(ratings[59]!.elo).toBeGreaterThan(15_000);
  });

  it('takes ratings that are known as they are', () => {
    const [a, b, c] = fitRatings(3, [pair(2, 1, 75, 25)], { priorDraws: 0, known: [0, 1000] });
    expect([a!.elo, a!.interval, b!.elo, b!.interval]).toEqual([0, 0, 1000, 0]);
    expect(c!.elo).toBeCloseTo(1000 + 400 * Math.log10(3), 0);
    expect(c!.interval).toBeCloseTo((1.959964 * 400) / Math.LN10 / Math.sqrt(100 * 0.75 * 0.25), 1);
  });

  it('prints as a table, the strongest first', () => {
    const table = formatRatingTable([
      { ref: 'm@a', step: 0, rating: 0, interval: 0, games: 10 },
      { ref: 'm@bcd', step: 40, rating: 120.4, interval: 33.3, games: 10 },
      { ref: 'm@e', step: 80, rating: 0, interval: 0, games: 0 },
    ]);
    expect(table).toBe(
      'version  step       Elo  games\n' +
        'm@bcd      40  120 ± 33     10\n' +
        'm@e        80         –      0\n' +
        'm@a         0     0 ± 0     10\n',
    );
  });
});
