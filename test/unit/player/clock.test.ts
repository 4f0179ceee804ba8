import { describe, expect, it } from 'vitest';
import { Clock, noTimeLimit, type TimeSettings } from '../../../src/player/clock.js';

const absolute = (mainMs: number): TimeSettings => ({ system: 'absolute', mainMs });
const canadian = (mainMs: number, periodMs: number, stones: number): TimeSettings => ({
  system: 'canadian',
  mainMs,
  periodMs,
  stones,
});
const byoyomi = (mainMs: number, periodMs: number, periods: number): TimeSettings => ({
  system: 'byoyomi',
  mainMs,
  periodMs,
  periods,
});
const fischer = (mainMs: number, incrementMs: number, capMs = Infinity, moveMs = Infinity): TimeSettings => ({
  system: 'fischer',
  mainMs,
  incrementMs,
  capMs,
  moveMs,
});

it.each([
  [noTimeLimit, Infinity],
  [absolute(60_000), 59_000],
  [canadian(0, 30_000, 5), 29_000],
  [canadian(60_000, 30_000, 5), 89_000],
  [byoyomi(0, 30_000, 3), 29_000],
  [fischer(500, 3000), 0],
])('knows when the flag falls: %j', (settings, expected) => {
  expect(new Clock(settings).lastMomentMs(1000)).toBe(expected);
});

describe('a clock', () => {
  it('without a limit allows any time', () => {
    expect(new Clock(noTimeLimit).budgetMs(81, 1000)).toBe(Infinity);
  });

  it('in absolute time never plans more moves than it can pay for', () => {
    const clock = new Clock(absolute(60_000));
    let used = 0;
    for (let move = 0; move < 60; move++) {
      const budget = clock.budgetMs(81 - move, 1000);
      clock.use(budget);
      used += budget;
    }
    expect(used).toBeLessThan(59_000);
    expect(used).toBeGreaterThan(40_000);
  });

  it('takes the lag off what is left', () => {
    const clock = new Clock(absolute(60_000));
    clock.setLeft(1000, 0);
    expect(clock.budgetMs(81, 1000)).toBe(5);
    clock.setLeft(2000, 0);
    expect(clock.budgetMs(20, 1000)).toBeCloseTo(1000 / 12);
  });

  it('in Canadian overtime divides the period by its stones and starts the next one', () => {
    const clock = new Clock(canadian(0, 10_000, 5));
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
    clock.setLeft(2000, 1);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(950);
    clock.use(900);
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
  });

  it('goes from main time into overtime by itself', () => {
    const clock = new Clock(canadian(3000, 10_000, 5));
    clock.use(5000);
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
  });

  it('in byo-yomi has a whole period for every move', () => {
    const clock = new Clock(byoyomi(0, 10_000, 3));
    clock.use(9000);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(8100);
    clock.setLeft(10_000, 1);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(8100);
  });

  it('with Fischer time lives off the increment once the main time is short', () => {
    const clock = new Clock(fischer(60_000, 5000));
    clock.setLeft(6000, 0);
    const budget = clock.budgetMs(40, 1000);
    expect(budget).toBeLessThan(5000);
    expect(budget).toBeGreaterThan(2000);
  });

  it('of fischer-capped hold no more than the cap, and no move takes more than its limit', () => {
    const clock = new Clock(fischer(60_000, 30_000, 70_000, 2000));
    expect(clock.lastMomentMs(500)).toBe(1500);
    expect(clock.budgetMs(40, 500)).toBe(1500);
    clock.use(1000);
    const uncapped = new Clock(fischer(70_000, 30_000));
    const capped = new Clock(fischer(60_000, 30_000, 70_000));
    capped.use(1000);
    expect(capped.budgetMs(40, 0)).toBe(uncapped.budgetMs(40, 0));
  });
});
