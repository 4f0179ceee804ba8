import { expect, it } from 'vitest';
import { MessageQueue } from '../../../src/core/message-queue.js';

async function drain<T>(queue: MessageQueue<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of queue) all.push(message);
  return all;
}

it('gives out everything that was pushed before the end, in order, and nothing after', async () => {
  const queue = new MessageQueue<number>(10);
  const drained = drain(queue);
  queue.push(1);
  await Promise.resolve();
  queue.push(2);
  queue.end();
  queue.push(3);
  expect(await drained).toEqual([1, 2]);
});

it('ends with the first error, after what was pushed', async () => {
  const queue = new MessageQueue<number>(10);
  queue.push(1);
  queue.fail(new Error('first'));
  queue.fail(new Error('second'));
  const reader = queue[Symbol.asyncIterator]();
  expect((await reader.next()).value).toBe(1);
  await expect(reader.next()).rejects.toThrow('first');
});

it('has room again when the reader takes messages, or when it ends', async () => {
  const queue = new MessageQueue<number>(1);
  queue.push(1);
  let hasRoom = false;
  const waiting = queue.room().then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  const reader = queue[Symbol.asyncIterator]();
  await reader.next();
  const second = reader.next();
  await waiting;
  queue.push(2);
  await second;
  queue.push(3);
  const abandoned = queue.room();
  await reader.return?.();
  await abandoned;
  expect(queue.hasEnded()).toBe(true);
});
