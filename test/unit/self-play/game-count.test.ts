import { describe, expect, it } from 'vitest';
import { FIRST_GAMES, gamesFor, MOST_GAMES, type GamesSeen } from '../../../clients/self-play/game-count.js';
import { gamesInMemory, treeBytes } from '../../../clients/self-play/game-memory.js';

/** A server of two threads, with batches of 64, that evaluates 18 positions a millisecond. */
const capacity = 128;
const fullRate = 18;

/** What a worker sees that plays so many games at such a server: a lone batch takes 4 ms there. */
function seen(games: number, wayMs: number): GamesSeen {
  const rate = Math.min(fullRate, games / (wayMs + 4));
  return { games, rate, wayMs, capacity, speed: fullRate / 2, versions: 0, most: MOST_GAMES };
}

/** The numbers that follow one another. */
function numbers(wayMs: number, looks: number): number[] {
  const played = [FIRST_GAMES];
  while (played.length <= looks) played.push(gamesFor(seen(played.at(-1)!, wayMs)));
  return played;
}

describe('the number of games', () => {
  it.each([0.3, 10, 50, 200])('settles where two waves are at the server, %s ms there and back away', (wayMs) => {
    const last = numbers(wayMs, 12).at(-1)!;
    expect(last).toBe(Math.min(MOST_GAMES, Math.round(2 * capacity + fullRate * wayMs)));
    expect(seen(last, wayMs).rate).toBe(fullRate);
  });

  it.each([0.3, 10, 50, 200])('is enough after three looks, %s ms there and back away', (wayMs) => {
    expect(seen(numbers(wayMs, 3).at(-1)!, wayMs).rate).toBe(fullRate);
  });

  it('goes down again where the server has become slower', () => {
    expect(gamesFor({ ...seen(1200, 50), rate: 2 })).toBe(356);
  });

  it('follows what the worker itself can do where that is less than the server could', () => {
    expect(gamesFor({ ...seen(1200, 50), rate: 5 })).toBe(2 * capacity + 250);
  });

  it('is smaller where games take many versions, but leaves no thread without work', () => {
    const near = seen(256, 0.5);
    expect(gamesFor({ ...near, versions: 2 })).toBe(265);
    expect(gamesFor({ ...near, versions: 4 })).toBe(137);
    expect(gamesFor({ ...near, versions: 100 })).toBe(73);
  });

  it('is no more than fits in memory, and at least one', () => {
    expect(gamesFor({ ...seen(256, 50), most: 100 })).toBe(100);
    expect(gamesInMemory(1e15)).toBe(1);
    expect(treeBytes({ size: 19, visits: 800 })).toBeGreaterThan(20 * treeBytes({ size: 7, visits: 200 }));
  });
});
