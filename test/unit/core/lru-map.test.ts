import { expect, it } from 'vitest';
import { LruMap } from '../../../src/core/lru-map.js';

const filled = (): LruMap<string, { readonly name: string }> => {
  const map = new LruMap<string, { readonly name: string }>();
  for (const name of ['a', 'b', 'c']) map.set(name, { name });
  return map;
};

it('gives up first what was unused for longest', () => {
  const map = filled();
  expect(map.get('a')).toEqual({ name: 'a' });
  expect(map.get('x')).toBeUndefined();
  map.set('b', { name: 'new b' });
  expect([1, 2, 3, 4].map(() => map.takeOldest()?.name)).toEqual(['c', 'a', 'new b', undefined]);
  expect(map.size).toBe(0);
});

it('passes over what may not go', () => {
  const map = filled();
  expect(map.takeOldest(({ name }) => name !== 'a')?.name).toBe('b');
  expect(map.takeOldest(() => false)).toBeUndefined();
  expect(map.values().map(({ name }) => name)).toEqual(['a', 'c']);
});

it('can be looked at without a use', () => {
  const map = filled();
  expect(map.peek('a')).toEqual({ name: 'a' });
  expect(map.entries().map(([key]) => key)).toEqual(['a', 'b', 'c']);
  expect([map.delete('a'), map.delete('a')]).toEqual([true, false]);
  map.clear();
  expect(map.peek('b')).toBeUndefined();
});
