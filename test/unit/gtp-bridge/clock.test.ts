import { describe, expect, it } from 'vitest';
import { Clock, namedTimeSettings, noTimeLimit, timeSettings } from '../../../clients/gtp-bridge/clock.js';

const settings = (system: string, ...numbers: number[]) => namedTimeSettings(system, numbers)!;

it.each([
  [timeSettings(0, 1, 0), Infinity],
  [timeSettings(60, 0, 0), 59_000],
  [timeSettings(0, 30, 5), 29_000],
  [timeSettings(60, 30, 5), 89_000],
  [namedTimeSettings('byoyomi', [0, 30, 3])!, 29_000],
  [namedTimeSettings('fischer', [0.5, 3])!, 0],
])('knows when the flag falls: %j', (settings, expected) => {
  expect(new Clock(settings).lastMomentMs(1000)).toBe(expected);
});

describe('time settings', () => {
  it('without stones but with a period mean no limit, without a period absolute time, otherwise Canadian', () => {
    expect(timeSettings(0, 1, 0)).toEqual(noTimeLimit);
    expect(timeSettings(300, 0, 0)).toEqual({ system: 'absolute', mainMs: 300_000 });
    expect(timeSettings(300, 30, 5)).toEqual({ system: 'canadian', mainMs: 300_000, periodMs: 30_000, stones: 5 });
  });

  it('by name take exactly the numbers of that system', () => {
    expect(namedTimeSettings('none', [])).toEqual(noTimeLimit);
    expect(namedTimeSettings('fischer', [60, 5])).toMatchObject({
      system: 'fischer',
      mainMs: 60_000,
      incrementMs: 5000,
    });
    expect(namedTimeSettings('fischer-capped', [60, 5, -1, 10])).toMatchObject({ capMs: Infinity, moveMs: 10_000 });
    expect(namedTimeSettings('fischer-capped', [60, 5, 30, -1])).toBeUndefined();
    expect(namedTimeSettings('byoyomi', [60, 5])).toBeUndefined();
    expect(namedTimeSettings('sundial', [])).toBeUndefined();
  });
});

describe('a clock', () => {
  it('without a limit allows any time', () => {
    expect(new Clock(noTimeLimit).budgetMs(81, 1000)).toBe(Infinity);
  });

  it('in absolute time never plans more moves than it can pay for', () => {
    const clock = new Clock(settings('absolute', 60));
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
    const clock = new Clock(settings('absolute', 60));
    clock.setLeft(1000, 0);
    expect(clock.budgetMs(81, 1000)).toBe(5);
    clock.setLeft(2000, 0);
    expect(clock.budgetMs(20, 1000)).toBeCloseTo(1000 / 12);
  });

  it('in Canadian overtime divides the period by its stones and starts the next one', () => {
    const clock = new Clock(settings('canadian', 0, 10, 5));
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
    clock.setLeft(2000, 1);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(950);
    clock.use(900);
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
  });

  it('goes from main time into overtime by itself', () => {
    const clock = new Clock(settings('canadian', 3, 10, 5));
    clock.use(5000);
    expect(clock.budgetMs(81, 0)).toBeCloseTo(1900);
  });

  it('in byo-yomi has a whole period for every move', () => {
    const clock = new Clock(settings('byoyomi', 0, 10, 3));
    clock.use(9000);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(8100);
    clock.setLeft(10_000, 1);
    expect(clock.budgetMs(81, 1000)).toBeCloseTo(8100);
  });

  it('with Fischer time lives off the increment once the main time is short', () => {
    const clock = new Clock(settings('fischer', 60, 5));
    clock.setLeft(6000, 0);
    const budget = clock.budgetMs(40, 1000);
    expect(budget).toBeLessThan(5000);
    expect(budget).toBeGreaterThan(2000);
  });

  it('of fischer-capped hold no more than the cap, and no move takes more than its limit', () => {
    const clock = new Clock(namedTimeSettings('fischer-capped', [60, 30, 70, 2])!);
    expect(clock.lastMomentMs(500)).toBe(1500);
    expect(clock.budgetMs(40, 500)).toBe(1500);
    clock.use(1000);
    const uncapped = new Clock(namedTimeSettings('fischer-capped', [70, 30, -1, -1])!);
    const capped = new Clock(namedTimeSettings('fischer-capped', [60, 30, 70, -1])!);
    capped.use(1000);
    expect(capped.budgetMs(40, 0)).toBe(uncapped.budgetMs(40, 0));
  });
});
