import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { follow, type Followed } from '../../../clients/web/stream.js';
import { AppError } from '../../../src/core/errors.js';
import { cancelled } from '../../../src/core/signals.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream that says what it is told to. */
class Source {
  opened = 0;
  #give: (next: { value: number } | { error: unknown } | 'end') => void = () => undefined;

  async *open(signal: AbortSignal): AsyncGenerator<number> {
    this.opened++;
    for (;;) {
      const next = await new Promise<{ value: number } | { error: unknown } | 'end'>((resolve) => {
        this.#give = resolve;
        signal.addEventListener('abort', () => resolve({ error: cancelled(signal) }), { once: true });
      });
      if (next === 'end') return;
      if ('error' in next) throw next.error;
      yield next.value;
    }
  }

  /** Gives one and lets it be taken. */
  async say(next: number | Error | 'end'): Promise<void> {
    this.#give(next === 'end' ? next : typeof next === 'number' ? { value: next } : { error: next });
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** Follows a source; what was shown is in `shown`, oldest first. */
function following(most = Infinity): {
  source: Source;
  shown: Followed<number>[];
  left: AbortController;
  ended: Promise<void>;
} {
  const source = new Source();
  const shown: Followed<number>[] = [];
  const left = new AbortController();
  const ended = follow(
    (signal) => source.open(signal),
    left.signal,
    { most, isLast: (value) => value >= 2 },
    (followed) => shown.push(followed),
  );
  return { source, shown, left, ended };
}

describe('a stream that is followed', () => {
  it('is shown in steps that a person can see, and at its end at once', async () => {
    const { source, shown, ended } = following();
    for (const value of [1, 2, 3]) await source.say(value);
    expect(shown).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(shown).toEqual([{ values: [1, 2, 3], error: '' }]);
    await source.say(4);
    await source.say('end');
    await ended;
    expect(shown.slice(1)).toEqual([{ values: [1, 2, 3, 4], error: '' }]);
    expect(source.opened).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no more than the newest values', async () => {
    const { source, shown, ended } = following(2);
    for (const value of [1, 2, 3]) await source.say(value);
    await source.say('end');
    await ended;
    expect(shown.at(-1)!.values).toEqual([2, 3]);
  });

  it('is opened again after it broke, from its start', async () => {
    const { source, shown, ended } = following();
    await source.say(1);
    await source.say(new AppError('unavailable', 'The connection was lost'));
    expect(shown.at(-1)).toEqual({ values: [1], error: 'The connection was lost' });
    await vi.advanceTimersByTimeAsync(3000);
    expect(source.opened).toBe(2);
    await source.say(1);
    await source.say(2);
    await source.say('end');
    await ended;
    expect(shown.at(-1)).toEqual({ values: [1, 2], error: '' });
  });

  it('is opened again after it ended before its last value, and says so meanwhile', async () => {
    const { source, shown, ended } = following();
    await source.say(1);
    await source.say('end');
    expect(shown.at(-1)).toEqual({ values: [1], error: 'The server ended the stream; asking again' });
    await vi.advanceTimersByTimeAsync(3000);
    await source.say('end');
    expect(shown.at(-1)).toEqual({ values: [], error: 'The server ended the stream; asking again' });
    await vi.advanceTimersByTimeAsync(3000);
    expect(source.opened).toBe(3);
    await source.say(2);
    await source.say('end');
    await ended;
    expect(shown.at(-1)).toEqual({ values: [2], error: '' });
  });

  it('shows nothing once it is left, whether it was open or waited', async () => {
    for (const isOpen of [true, false]) {
      const { source, shown, left, ended } = following();
      await source.say(1);
      if (!isOpen) await source.say(new Error('broken'));
      const before = shown.length;
      left.abort();
      await ended;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(shown).toHaveLength(before);
      expect(source.opened).toBe(1);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
