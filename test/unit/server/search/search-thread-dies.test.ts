import type { Worker } from 'node:worker_threads';
import { expect, it, vi } from 'vitest';
import { startEvaluationServer } from '../../../support/evaluation-server.js';
import { SearchSession } from '../../../support/search-session.js';
import { MemoryModels, tinyModel } from '../../../support/served-models.js';

/** The search threads of this process, in the order in which they were started. */
const searchThreads = vi.hoisted(() => [] as Worker[]);
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>();
  class WatchedWorker extends real.Worker {
    constructor(...args: ConstructorParameters<typeof real.Worker>) {
      super(...args);
      if (args[1]?.name === 'search') searchThreads.push(this);
    }
  }
  return { ...real, Worker: WatchedWorker };
});

const size = 5;
const big = 1_000_000;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1');

it('a search thread that dies takes its games with it, and nothing else', async () => {
  const server = await startEvaluationServer(models, {}, { search: { searchThreads: 2 } });
  const searching = async (): Promise<[SearchSession, bigint]> => {
    const session = new SearchSession(server.connection);
    await session.newGame({ size });
    const id = session.start({ visits: big, reportMs: 10 });
    await session.receive();
    return [session, id];
  };
  const [[lost], [other, otherId]] = [await searching(), await searching()];
  expect(searchThreads.length).toBe(2);
  await searchThreads[0]!.terminate();
  await expect(lost.reports()).rejects.toMatchObject({
    kind: 'unavailable',
    message: "The thread 'search' ended unexpectedly",
  });
  await expect(lost.receive()).rejects.toMatchObject({ details: "The thread 'search' ended unexpectedly" });
  const next = new SearchSession(server.connection);
  await next.newGame({ size });
  expect((await next.search({ visits: 100 })).visits).toBe(101);
  expect(searchThreads.length).toBe(3);
  other.stop(otherId);
  expect((await other.reports()).at(-1)).toMatchObject({ isFinal: true, trouble: undefined });
  for (const session of [other, next]) session.cancel();
  await vi.waitFor(
    () => expect(server.games.figures).toMatchObject({ games: 0, treeBytes: 0, threads: 2, threadDeaths: 1 }),
    10_000,
  );
  await server.close();
});
