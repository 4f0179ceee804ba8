import type { CallContext } from 'nice-grpc';
import { expect, it } from 'vitest';
import { Stopping } from '../../../../src/server/transport/stopping.js';

/** A call that answers again and again. */
function callOf(stopping: Stopping): AsyncGenerator<number, number | undefined> {
  return stopping.run<unknown, number>({
    path: '/test.Service/Count',
    requestStream: false,
    request: {},
    context: { signal: new AbortController().signal } as CallContext,
    async *next() {
      for (let i = 0; ; i++) yield await Promise.resolve(i);
    },
  });
}

it('waits for calls that are under way, but not for one that rests at an answer that nobody takes', async () => {
  const stopping = new Stopping();
  const [read, resting] = [callOf(stopping), callOf(stopping)];
  expect([(await read.next()).value, (await resting.next()).value]).toEqual([0, 0]);
  let isIdle = false;
  const idle = stopping.idle().then(() => (isIdle = true));
  stopping.drain();
  stopping.cutOff();
  await expect(read.next()).rejects.toMatchObject({ kind: 'unavailable' });
  await new Promise((resolve) => setImmediate(resolve));
  // Nobody asks the other for its next answer, so it does not hear that it was cut off.
  expect(isIdle).toBe(false);
  stopping.abandon();
  await idle;
});
