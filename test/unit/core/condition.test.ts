import { expect, it } from 'vitest';
import { Condition } from '../../../src/core/condition.js';

it('wakes everyone who waits, and nobody who comes later', async () => {
  const condition = new Condition();
  const woken: string[] = [];
  const waiting = ['a', 'b'].map(async (name) => {
    await condition.wait();
    woken.push(name);
  });
  condition.notifyAll();
  const late = condition.wait().then(() => woken.push('late'));
  await Promise.all(waiting);
  expect(woken).toEqual(['a', 'b']);
  condition.notifyAll();
  await late;
  expect(woken).toEqual(['a', 'b', 'late']);
});

it('lets who waits for a state go only once it is so', async () => {
  const condition = new Condition();
  let count = 0;
  const seen = condition.until(() => count >= 2).then(() => count);
  for (let i = 0; i < 3; i++) {
    count++;
    condition.notifyAll();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await seen).toBe(2);
  await condition.until(() => true);
});
