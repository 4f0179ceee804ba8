import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from '../../../src/core/turns.js';

it('does work on one key in the order asked for, and work on others meanwhile', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    order.push(`${name} begins`);
    await setImmediate();
    order.push(`${name} ends`);
    return name;
  };
  expect(
    await Promise.all([turns.take('a', work('a1')), turns.take('a', work('a2')), turns.take('b', work('b'))]),
  ).toEqual(['a1', 'a2', 'b']);
  expect(order.slice(0, 3)).toEqual(['a1 begins', 'b begins', 'a1 ends']);
  expect(order.filter((step) => step.startsWith('a2'))).toEqual(['a2 begins', 'a2 ends']);
});

it('goes on after work that failed, and tells only who asked for that', async () => {
  const turns = new Turns();
  const failed = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', () => Promise.resolve('yes'));
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
