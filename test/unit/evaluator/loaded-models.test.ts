import { expect, it } from 'vitest';
import { LoadedModels } from '../../../src/evaluator/loaded-models.js';

async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

/** One version at most is kept beside those in use; `late` is resolved after so many turns of the microtask queue. */
function make(late: number) {
  const released = new Set<number>();
  const source = {
    resolve: async (name: string): Promise<string> => {
      await microtasks(name === 'late' ? late : 0);
      return name.includes('@') ? name : 'a@1';
    },
    read: () => Promise.resolve(new Uint8Array(1)),
  };
  const shape = { boards: [5, 5] as const, planes: 1, globals: 1, outputs: [] };
  const loader = {
    load: () => Promise.resolve(shape),
    release: (model: number): void => void released.add(model),
  };
  return { released, models: new LoadedModels(source, loader, 1, () => undefined) };
}

it('never lets a name stand for a version that was released while the name was resolved', async () => {
  for (let late = 0; late < 40; late++) {
    const { models, released } = make(late);
    models.use(await models.get('b@1', 'auto'));
    // A request that the cache answers at once uses the version and lets it go.
    const answered = models.get('a@1', 'auto').then((model) => {
      models.use(model);
      models.done(model);
    });
    await Promise.all([answered, models.get('late', 'auto')]);
    const found = models.find('late', 'auto');
    expect(found && released.has(found.model), `after ${late} microtasks`).toBeFalsy();
  }
});

/** A model whose precision `auto` stands for as `quantized` says, with room for `limit` versions beside those in use. */
function makeQuantized(limit: number) {
  const released: number[] = [];
  const served = { quantized: false };
  const source = {
    resolve: () => Promise.resolve('a@1'),
    read: () => Promise.resolve(new Uint8Array(1)),
    ranges: () => Promise.resolve(served.quantized ? [] : undefined),
  };
  const shape = { boards: [5, 5] as const, planes: 1, globals: 1, outputs: [] };
  const loader = { load: () => Promise.resolve(shape), release: (model: number): void => void released.push(model) };
  return { released, served, models: new LoadedModels(source, loader, limit, () => undefined) };
}

it('holds a version in both precisions while both are asked for, and in one otherwise', async () => {
  const { models, served, released } = makeQuantized(4);
  const exact = await models.get('a', 'fp32');
  expect(await models.get('a', 'auto')).toBe(exact);
  served.quantized = true;
  await models.reload('a@1');
  const quantized = models.find('a', 'auto')!;
  expect([quantized.precision, models.find('a', 'fp32')]).toEqual(['int8', exact]);
  expect(quantized.model).not.toBe(exact.model);
  expect([models.count, released]).toEqual([2, []]);
  served.quantized = false;
  await models.reload('a');
  expect(models.find('a', 'auto')).toBe(exact);
  expect([models.count, released]).toEqual([1, [quantized.model]]);
});

it('lets a version that gave way to another precision go when its last user is done', async () => {
  const { models, served, released } = makeQuantized(4);
  const exact = await models.get('a', 'auto');
  models.use(exact);
  served.quantized = true;
  await models.reload('a');
  expect([models.count, released]).toEqual([1, []]);
  models.done(exact);
  expect(released).toEqual([exact.model]);
});

it('counts both precisions of a version against the limit', async () => {
  const { models, served, released } = makeQuantized(1);
  served.quantized = true;
  const quantized = await models.get('a', 'auto');
  const exact = await models.get('a', 'fp32');
  expect([models.find('a', 'auto'), models.find('a', 'fp32')]).toEqual([undefined, exact]);
  expect(released).toEqual([quantized.model]);
});

it('does not keep an answer of the source from before a change of precision', async () => {
  const { models, served } = makeQuantized(4);
  const loading = models.get('a', 'auto');
  await microtasks(3);
  served.quantized = true;
  await models.reload('a');
  expect((await loading).precision).toBe('int8');
});
