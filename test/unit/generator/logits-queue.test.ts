import { expect, it } from 'vitest';
import type { AppError } from '../../../src/core/errors.js';
import { throwIfAborted } from '../../../src/core/signals.js';
import { LogitsQueue } from '../../../src/generator/logits-queue.js';

/** A decoder whose every reading goes on until the test ends it, or its signal does. */
class HeldDecoder {
  readonly readings: { readonly tokens: readonly number[]; readonly signal: AbortSignal; readonly end: () => void }[] =
    [];

  async logits(tokens: readonly number[], _: number, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    await new Promise<void>((resolve) => {
      this.readings.push({ tokens, signal, end: resolve });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    throwIfAborted(signal);
    return Float32Array.from(tokens);
  }
}

function open() {
  const decoder = new HeldDecoder();
  const told: unknown[] = [];
  const queue = new LogitsQueue(decoder, { maxWaiting: 2, prefillTokens: 16 });
  const ask = (id: number): void => {
    const tell = (thrown: unknown): number => told.push([id, (thrown as AppError).kind]);
    void queue.ask(id, [id * 10]).then((logits) => told.push([id, ...logits]), tell);
  };
  return { decoder, told, queue, ask };
}

it('computes the logits of one sequence at a time, in the order in which they were asked for', async () => {
  const { decoder, told, ask } = open();
  ask(1);
  ask(2);
  expect(decoder.readings.map(({ tokens }) => tokens)).toEqual([[10]]);
  decoder.readings[0]!.end();
  await expect.poll(() => decoder.readings.length).toBe(2);
  decoder.readings[1]!.end();
  await expect
    .poll(() => told)
    .toEqual([
      [1, 10],
      [2, 20],
    ]);
});

it('refuses a sequence where too many wait', async () => {
  const { told, ask } = open();
  for (const id of [1, 2, 3, 4]) ask(id);
  await expect.poll(() => told).toEqual([[4, 'resource-exhausted']]);
});

it('computes no more of a sequence that was withdrawn', async () => {
  const { decoder, told, queue, ask } = open();
  for (const id of [1, 2, 3]) ask(id);
  queue.cancel(2);
  queue.cancel(1);
  expect(decoder.readings[0]!.signal.aborted).toBe(true);
  await expect.poll(() => decoder.readings.length).toBe(2);
  expect(decoder.readings[1]!.tokens).toEqual([30]);
  await queue.close();
  await expect.poll(() => told).toHaveLength(3);
  expect(told.sort()).toEqual([1, 2, 3].map((id) => [id, 'cancelled']));
  expect(decoder.readings).toHaveLength(2);
});
