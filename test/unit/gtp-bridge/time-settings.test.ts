import { describe, expect, it } from 'vitest';
import { noTimeLimit } from '../../../src/player/clock.js';
import { namedTimeSettings, timeSettings } from '../../../clients/gtp-bridge/time-settings.js';

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
