/** The time systems as GTP, KGS and KataGo write them: numbers of seconds, in the order that each system has. */

import { noTimeLimit, type TimeSettings } from '../../src/player/clock.js';

/**
 * `time_settings main byo stones` in seconds. As the specification has it: stones 0 with byo above 0 is no limit, byo 0 is
 * absolute, anything else Canadian.
 */
export function timeSettings(mainS: number, periodS: number, stones: number): TimeSettings {
  const mainMs = mainS * 1000;
  if (periodS > 0 && stones === 0) return noTimeLimit;
  if (periodS === 0) return { system: 'absolute', mainMs };
  return { system: 'canadian', mainMs, periodMs: periodS * 1000, stones };
}

/** `kgs-time_settings` and `kata-time_settings`: the name of a system and its numbers in seconds; undefined if unreadable. */
export function namedTimeSettings(system: string, numbers: readonly number[]): TimeSettings | undefined {
  const [main = 0, second = 0, third = 0, fourth = 0] = numbers;
  const mainMs = main * 1000;
  switch (`${system} ${numbers.length}`) {
    case 'none 0':
      return noTimeLimit;
    case 'absolute 1':
      return { system: 'absolute', mainMs };
    case 'fischer 2':
      return { system: 'fischer', mainMs, incrementMs: second * 1000, capMs: Infinity, moveMs: Infinity };
    case 'fischer-capped 4': {
      const limit = (seconds: number): number => (seconds < 0 ? Infinity : seconds * 1000);
      const [capMs, moveMs] = [limit(third), limit(fourth)];
      return capMs >= mainMs ? { system: 'fischer', mainMs, incrementMs: second * 1000, capMs, moveMs } : undefined;
    }
    case 'byoyomi 3':
      return { system: 'byoyomi', mainMs, periodMs: second * 1000, periods: third };
    case 'canadian 3':
      return third > 0 ? { system: 'canadian', mainMs, periodMs: second * 1000, stones: third } : undefined;
    default:
      return undefined;
  }
}
