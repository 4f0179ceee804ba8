import { expect, it } from 'vitest';
import { Outbox } from '../../../src/server/self-play/outbox.js';

async function drain<T>(outbox: Outbox<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of outbox) all.push(message);
  return all;
}

it('gives out everything that was pushed before the end, in order, and nothing after', async () => {
  const outbox = new Outbox<number>(10);
  const drained = drain(outbox);
  outbox.push(1);
  await Promise.resolve();
  outbox.push(2);
  outbox.end();
  outbox.push(3);
  expect(await drained).toEqual([1, 2]);
});

it('ends with the first error, after what was pushed', async () => {
  const outbox = new Outbox<number>(10);
  outbox.push(1);
  outbox.fail(new Error('first'));
  outbox.fail(new Error('second'));
  const reader = outbox[Symbol.asyncIterator]();
  expect((await reader.next()).value).toBe(1);
  await expect(reader.next()).rejects.toThrow('first');
});

it('has room again when the reader takes messages, or when it ends', async () => {
  const outbox = new Outbox<number>(1);
  outbox.push(1);
  let hasRoom = false;
  const waiting = outbox.room().then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  const reader = outbox[Symbol.asyncIterator]();
  await reader.next();
  const second = reader.next();
  await waiting;
  outbox.push(2);
  await second;
  outbox.push(3);
  const abandoned = outbox.room();
  await reader.return?.();
  await abandoned;
  expect(outbox.hasEnded()).toBe(true);
});
