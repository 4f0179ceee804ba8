import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GamePrecision } from '../../../clients/shared/game-precision.js';
import type { Calls } from '../../../clients/web/calls.js';
import { PageEvaluator } from '../../../clients/web/page-evaluator.js';
import { AppError } from '../../../src/core/errors.js';
import { delay } from '../../../src/core/signals.js';
import { defaultRules } from '../../../src/go/rules.js';
import { Position } from '../../../src/go/position.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A server that takes 2 ms for an answer, evaluates 32 positions at once, and is so far away. */
function callsOver(wayMs: number): Calls {
  return {
    async *stream() {
      await delay(2 + wayMs);
      yield { evaluations: [], precision: 0, capacity: 32, serverMicros: 2000 };
    },
  } as unknown as Calls;
}

it.each([
  [0, 48],
  [18, 480],
])('over a way of %i ms and back a search has %i leaves in flight', async (wayMs, inFlight) => {
  const evaluator = new PageEvaluator(callsOver(wayMs), 'go', false, () => new GamePrecision('auto'));
  expect(evaluator.pace).toBeUndefined();
  const answer = evaluator.evaluate([new Position(5, defaultRules(5))]);
  await vi.advanceTimersByTimeAsync(2 + wayMs);
  await answer;
  expect(evaluator.pace?.inFlight).toBe(inFlight);
});

it('an answer that says what went wrong counts for nothing', async () => {
  const calls = {
    // eslint-disable-next-line @typescript-eslint/require-await -- answers come in a stream
    async *stream() {
      yield { error: { code: 8, message: 'The queue is full' }, evaluations: [], capacity: 32, serverMicros: 1 };
    },
  } as unknown as Calls;
  const evaluator = new PageEvaluator(calls, 'go', false, () => new GamePrecision('auto'));
  await expect(evaluator.evaluate([new Position(5, defaultRules(5))])).rejects.toThrow(
    new AppError('resource-exhausted', 'The queue is full'),
  );
  expect(evaluator.pace).toBeUndefined();
});
