// Functions that the tests of the pool call in threads.
import { threadId } from 'node:worker_threads';
import { AppError } from '../../dist/src/core/errors.js';
import { transferring } from '../../dist/src/threads/messages.js';

export const idOfThread = () => threadId;

export const add = (a, b) => a + b;

export function spin() {
  for (;;);
}

export function refuse(message) {
  throw new AppError('not-found', message, { cause: new Error('why', { cause: new Error('why that') }) });
}

export function fail() {
  throw new TypeError('broken');
}

export const exit = () => process.exit();

/** Waits until the shared number is not 0, and says that it does in the next one. */
export function wait(shared) {
  Atomics.store(shared, 1, 1);
  Atomics.notify(shared, 1);
  Atomics.wait(shared, 0, 0);
  return threadId;
}

export function doubled(numbers) {
  return transferring({ numbers: numbers.map((x) => 2 * x), given: numbers.buffer }, [numbers.buffer]);
}
