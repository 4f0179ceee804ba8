import { afterEach, describe, expect, it, vi } from 'vitest';
import { ModelWatch } from '../../../clients/shared/model-watch.js';
import { AppError } from '../../../src/core/errors.js';

afterEach(() => vi.useRealTimers());

describe('the search for the model', () => {
  it.each(['unauthenticated', 'permission-denied'] as const)('ends when the token is refused: %s', async (kind) => {
    vi.useFakeTimers();
    const refused = new AppError(kind, 'The token sent is not the one of this server');
    const ask = vi.fn(() => Promise.reject(refused));
    const told = vi.fn();
    const watch = new ModelWatch(ask, () => undefined, told, new AbortController().signal);
    await expect(watch.known(20_000)).rejects.toBe(refused);
    await vi.advanceTimersByTimeAsync(3_600_000);
    await expect(watch.ready()).rejects.toBe(refused);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('goes on while the server is away', async () => {
    vi.useFakeTimers();
    const end = new AbortController();
    const ask = vi.fn(() => Promise.reject(new AppError('unavailable', 'away')));
    new ModelWatch(
      ask,
      () => undefined,
      () => undefined,
      end.signal,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    end.abort();
    expect(ask.mock.calls.length).toBeGreaterThan(5);
  });
});
