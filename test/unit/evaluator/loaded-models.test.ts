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
    models.use(await models.get('b@1'));
    // A request that the cache answers at once uses the version and lets it go.
    const answered = models.get('a@1').then((model) => {
      models.use(model);
      models.done(model);
    });
    await Promise.all([answered, models.get('late')]);
    const found = models.find('late');
    expect(found && released.has(found.model), `after ${late} microtasks`).toBeFalsy();
  }
});
