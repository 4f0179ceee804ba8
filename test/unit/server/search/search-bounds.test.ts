import { describe, expect, it, vi } from 'vitest';
import type { AppError } from '../../../../src/core/errors.js';
import { formatSearchFigures } from '../../../../src/server/search/search-figures.js';
import { startEvaluationServer, type EvaluationServer } from '../../../support/evaluation-server.js';
import { SearchSession } from '../../../support/search-session.js';
import { MemoryModels, tinyModel } from '../../../support/served-models.js';

const size = 5;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1').promote('go', 'go@1');

async function begun(at: EvaluationServer): Promise<SearchSession> {
  const session = new SearchSession(at.connection);
  await session.newGame({ size });
  return session;
}

/** Until nothing is left of any game. */
async function freed(at: EvaluationServer): Promise<void> {
  await vi.waitFor(() => expect(at.games.figures).toMatchObject({ games: 0, searches: 0, treeBytes: 0 }), 10_000);
}

describe('SearchService is bounded', () => {
  it('in the games of one client', async () => {
    const own = await startEvaluationServer(models, {}, { search: { searchGames: 8 } });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () =>
        begun(own).then(
          (session) => session,
          (error: unknown) => (error as AppError).message,
        ),
      ),
    );
    const open = outcomes.filter((outcome) => typeof outcome !== 'string');
    expect(open.length).toBe(8);
    for (const outcome of outcomes) {
      if (typeof outcome === 'string')
        expect(outcome).toMatch(/has 8 games open for searches, which is all that a client may have/);
    }
    for (const session of open) session.cancel();
    await freed(own);
    (await begun(own)).cancel();
    await own.close();
  });

  it('in memory: a search gets the visits that fit, and idle trees give way', async () => {
    const own = await startEvaluationServer(models, {}, { search: { searchMegabytes: 16, searchClientMegabytes: 16 } });
    const [first, second] = [await begun(own), await begun(own)];
    await first.search({ visits: 100 });
    const id = second.start({ visits: 10_000_000, reportMs: 10 });
    const { answer } = await second.receive();
    expect(answer?.$case === 'report' && answer.value.grantedVisits).toBeGreaterThan(9000);
    const { figures } = own.games;
    expect(figures).toMatchObject({ games: 2, searches: 1, treeBytesAllowed: 16 * 2 ** 20, threadDeaths: 0 });
    expect(figures.treeBytes).toBeGreaterThan(7 * 2 ** 20);
    expect(figures.evaluations).toBeGreaterThan(50);
    const text = formatSearchFigures(figures);
    expect(text).toContain(`# TYPE tengen_search_evaluations_total counter\ntengen_search_evaluations_total `);
    expect(text).toContain(
      '# TYPE tengen_search_tree_bytes_allowed gauge\ntengen_search_tree_bytes_allowed 16777216\n',
    );
    await first.play(12);
    expect((await first.search({ visits: 1000 })).visits).toBe(1001);
    second.stop(id);
    await second.reports();
    expect((await first.search({ visits: 1000 })).visits).toBe(1001);
    for (const session of [first, second]) session.cancel();
    await freed(own);
    await own.close();
  });

  it('in time', async () => {
    const own = await startEvaluationServer(models, {}, { search: { searchSeconds: 1 } });
    const session = await begun(own);
    expect((await session.search({ visits: 1_000_000 })).isFinal).toBe(true);
    session.cancel();
    await own.close();
  });

  it('by the quota of the client, which slows a search down', async () => {
    // The clock stands until positions were refused.
    const now = (): number => 1000 * (own?.quotas.figures()[0]?.refused ?? 0);
    let own: EvaluationServer | undefined = undefined as EvaluationServer | undefined;
    own = await startEvaluationServer(models, {}, { quotas: '*=16/100', now });
    const session = await begun(own);
    const report = await session.search({ visits: 300 });
    expect([report.trouble, report.visits]).toEqual([undefined, 301]);
    expect(own.quotas.figures()[0]!.refused).toBeGreaterThan(0);
    session.cancel();
    await own.close();
  });
});
