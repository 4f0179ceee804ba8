import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RemoteEvaluator } from '../../../../clients/shared/remote-evaluator.js';
import type { AppError } from '../../../../src/core/errors.js';
import { BLACK, WHITE } from '../../../../src/go/color.js';
import { defaultRules } from '../../../../src/go/rules.js';
import { GameState } from '../../../../src/player/game-state.js';
import type { Opinion } from '../../../../src/player/opinion.js';
import { tuningOf } from '../../../../src/player/search-parameters.js';
import { Thinker } from '../../../../src/player/thinker.js';
import { Priority } from '../../../../src/proto/tengen/v1/evaluator.js';
import { Precision } from '../../../../src/proto/tengen/v1/precision.js';
import { NewGame, SearchServiceDefinition, StartSearch } from '../../../../src/proto/tengen/v1/search.js';
import { opinionFromWire } from '../../../../src/wire/search-report.js';
import { nearly } from '../../../support/nearly.js';
import { startEvaluationServer, type EvaluationServer } from '../../../support/evaluation-server.js';
import { Connection } from '../../../../clients/shared/connection.js';
import { TcpProxy } from '../../../support/tcp-proxy.js';
import { SearchSession } from '../../../support/search-session.js';
import { MemoryModels, randomPositions, tinyModel } from '../../../support/served-models.js';

const size = 5;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1').promote('go', 'go@1');
const big = 1_000_000;
let server: EvaluationServer;

beforeAll(async () => {
  server = await startEvaluationServer(models, { maxBatch: 8 });
});

afterAll(() => server.close());

async function begun(at: EvaluationServer = server, game: Partial<NewGame> = {}): Promise<SearchSession> {
  const session = new SearchSession(at.connection);
  await session.newGame({ size, ...game });
  return session;
}

/** Until nothing is left of any game. */
async function freed(at: EvaluationServer): Promise<void> {
  await vi.waitFor(() => expect(at.games.figures).toMatchObject({ games: 0, searches: 0, treeBytes: 0 }), 10_000);
}

describe('SearchService', () => {
  it('searches as a client of its own does with one leaf in flight, move after move', async () => {
    const evaluators = [false, true].map((ownership) => new RemoteEvaluator(server.connection, { ownership }));
    const thinker = new Thinker(
      (ownership) => evaluators[ownership ? 1 : 0]!,
      () => tuningOf({ cPuct: 1.3 }, 1),
      (error) => {
        throw error;
      },
    );
    const game = new GameState(size, defaultRules(size));
    const session = await begun();
    for (let move = 0; move < 6; move++) {
      const parameters = { cpuctExploration: 1.3 };
      const wishes = { ownership: true, movesOwnership: true, unvisited: true };
      const report = await session.search({ visits: 60, leaves: 1, parameters, ...wishes });
      const own = await thought(thinker, game, 60);
      expect(opinionFromWire(report, size)).toEqual(nearly(own));
      const best = report.candidates[0]!.move;
      game.play(game.position.toMove, best);
      expect(await session.play(best)).toMatchObject({ moves: move + 1, toMove: game.position.toMove });
    }
    for (const evaluator of evaluators) evaluator.close();
    session.cancel();
  });

  it('keeps the tree between the moves of a game, and none over an undo', async () => {
    const session = await begun();
    const before = await session.search({ visits: 200 });
    const [best] = before.candidates;
    await session.play(best!.move);
    expect((await session.search({ visits: 0 })).visits).toBe(best!.visits);
    await session.undo();
    expect((await session.search({ visits: 0 })).visits).toBe(1);
    session.cancel();
  });

  it('begins anew where the network shall see other moves than before', async () => {
    const session = await begun();
    await session.play(12);
    await session.search({ visits: 50 });
    const hidden = await session.search({ visits: 10, ignoreHistory: true });
    expect(hidden.visits).toBe(11);
    expect((await session.search({ visits: 0, ignoreHistory: true })).visits).toBe(11);
    expect((await session.search({ visits: 0 })).visits).toBe(1);
    session.cancel();
  });

  it('counts the memory of a tree that it keeps, whether or not the player is named', async () => {
    const session = await begun();
    await session.search({ visits: 200, player: BLACK });
    const held = server.games.figures.treeBytes;
    expect(held).toBeGreaterThan(0);
    await session.search({ visits: 300, player: WHITE });
    expect(server.games.figures.treeBytes).toBe(held);
    await session.search({ visits: 0 });
    expect(server.games.figures.treeBytes).toBe(held);
    session.cancel();
    await freed(server);
  });

  it('gives reports at intervals, and the final one when it is stopped', async () => {
    const session = await begun();
    const id = session.start({ visits: big, reportMs: 10, reportSoon: true });
    const first = await session.receive();
    expect(first).toMatchObject({ requestId: id, answer: { value: { isFinal: false } } });
    session.stop(id);
    const last = (await session.reports()).at(-1)!;
    expect(last.visits).toBeGreaterThan(0);
    expect(last.candidates.every(({ visits }) => visits > 0)).toBe(true);
    expect(last.chosen).toBeUndefined();
    // The next request of the stream is carried out.
    expect(await session.play(12)).toMatchObject({ moves: 1, modelVersion: 'go@1' });
    session.cancel();
  });

  it('gives what it knows to a search that is stopped before it begins', async () => {
    const session = await begun();
    const first = session.start({ visits: big });
    const second = session.start({ visits: big });
    session.stop(second);
    session.stop(first);
    expect((await session.reports()).length).toBe(1);
    expect((await session.reports()).length).toBe(1);
    session.cancel();
  });

  it('ends by time, and chooses a move on request', async () => {
    const session = await begun();
    const report = await session.search({
      visits: big,
      timeMs: 1500,
      fullTime: true,
      network: true,
      choose: { resignBelow: 0, resignTurns: 0, temperature: 0, seed: 0n, cleanUp: false },
    });
    expect(report.chosen).toEqual({ resign: false, move: report.candidates[0]!.move });
    expect([report.precision, report.modelVersion]).toEqual([Precision.FP32, 'go@1']);
    expect(report.network?.policy.length).toBe(2 * (size * size + 1));
    const lost = { resignBelow: 0.5, resignTurns: 1, temperature: 0, seed: 0n, cleanUp: false };
    const stones = Array.from({ length: 12 }, (_, i) => 2 * i);
    await session.newGame({ size, black: stones, moves: [{ player: 0, point: 25 }] });
    for (let move = 0; move < 6; move++) await session.play(25, 25);
    const hopeless = await session.search({ visits: 30, choose: lost });
    expect(hopeless.chosen).toBeDefined();
    session.cancel();
  });

  it('takes every priority there is, and no other', async () => {
    const session = await begun();
    for (const priority of [Priority.UNSPECIFIED, Priority.BULK, Priority.INTERACTIVE]) {
      expect((await session.search({ visits: 5, priority })).visits).toBeGreaterThan(0);
    }
    await expect(session.search({ visits: 5, priority: 3 as Priority })).rejects.toThrow(
      'priority is 3; it must be from 0 to 2',
    );
    session.cancel();
  });

  it('allows and avoids moves', async () => {
    const session = await begun();
    const only = await session.search({
      visits: 50,
      restrictions: [{ player: 1, moves: [7, 11], avoid: false, depth: 1 }],
    });
    expect(only.candidates.map(({ move }) => move).sort((a, b) => a - b)).toEqual([7, 11]);
    const without = await session.search({
      visits: 50,
      restrictions: [{ player: 1, moves: [12], avoid: true, depth: 1 }],
    });
    expect(without.candidates.map(({ move }) => move)).not.toContain(12);
    const white = await session.search({ visits: 10, player: 2 });
    expect(white.toMove).toBe(2);
    session.cancel();
  });

  it('answers what is wrong with an error, and the stream goes on', async () => {
    const session = new SearchSession(server.connection);
    const kinds = async (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'done',
        (error: unknown) => `${(error as AppError).kind}: ${(error as AppError).message}`,
      );
    expect(await kinds(session.play(3))).toMatch(/^failed-precondition: The stream has no game/);
    expect(await kinds(session.search({ visits: 5 }))).toMatch(/^failed-precondition: The stream has no game/);
    expect(await kinds(session.newGame({ size: 9 }))).toBe('invalid-argument: Model go@1 plays 5×5; size is 9');
    expect(await kinds(session.newGame({ size, model: 'chess' }))).toMatch(/^not-found: There is no model 'chess'/);
    expect(await kinds(session.newGame({ size, black: [25] }))).toMatch(/^invalid-argument: black is 25/);
    expect(await session.newGame({ size })).toMatchObject({ moves: 0, toMove: 1, isOver: false });
    expect(await kinds(session.play(3, 3))).toBe(
      'invalid-argument: moves[1]: white at D5, move 2 of the game, is illegal',
    );
    expect(await kinds(session.play(99))).toMatch(/^invalid-argument: moves\[0\].point is 99; .* from 0 to 25/);
    expect(await kinds(session.undo(2))).toMatch(/^invalid-argument: undo has 2 moves; the game has 1/);
    expect(await session.undo()).toMatchObject({ moves: 0 });
    expect(await kinds(session.undo())).toMatch(/^invalid-argument: undo has 1 moves; the game has 0/);
    const wrong: [Partial<StartSearch>, RegExp][] = [
      [{ visits: 20_000_000 }, /visits is 20000000/],
      [{ leaves: 100_000 }, /leaves is 100000/],
      [{ player: 7 as never }, /player is 7/],
      [{ parameters: { cpuct: 1 } }, /parameters has 'cpuct'; known are cpuctExploration/],
      [{ parameters: { cpuctExploration: -1 } }, /'cpuctExploration' is -1/],
      [{ restrictions: [{ player: 1, moves: [26], avoid: true, depth: 1 }] }, /restrictions\[0\].moves is 26/],
      [{ restrictions: [{ player: 1, moves: [], avoid: true, depth: 0 }] }, /restrictions\[0\].depth is 0/],
    ];
    for (const [search, message] of wrong)
      expect(await kinds(session.search({ visits: 5, ...search }))).toMatch(message);
    expect((await session.search({ visits: 5 })).visits).toBe(6);
    session.cancel();
  });

  it('takes colors out of turn, and goes on after two passes', async () => {
    const session = await begun();
    const pass = size * size;
    expect(await session.play(pass, pass)).toMatchObject({ isOver: true });
    expect((await session.search({ visits: 20 })).candidates.length).toBeGreaterThan(0);
    await session.ask({
      $case: 'play',
      value: {
        moves: [
          { player: 2, point: 7 },
          { player: 2, point: 8 },
        ],
      },
    });
    expect(
      await session.ask({ $case: 'rules', value: { ...NewGame.create().rules!, ko: 1, komi: 0.5 } as never }),
    ).toMatchObject({ moves: 4, toMove: 1 });
    session.cancel();
  });

  it('says that the model of the game is gone, and takes another game', async () => {
    const two = new MemoryModels().add('go@1', tinyModel(size, 1)).add('other@1', tinyModel(size, 2));
    const own = await startEvaluationServer(two, { loadedVersions: 1 });
    const session = await begun(own, { model: 'go@1' });
    await session.search({ visits: 20 });
    two.remove('go@1');
    await own.evaluator.evaluate({ model: 'other@1', positions: randomPositions(size, 1) });
    await session.play(1);
    await expect(session.search({ visits: 200 })).resolves.toMatchObject({ trouble: { code: Status.NOT_FOUND } });
    await session.undo();
    await expect(session.search({ visits: 20 })).rejects.toMatchObject({ kind: 'not-found' });
    expect(await session.newGame({ size, model: 'other@1' })).toMatchObject({ modelVersion: 'other@1' });
    expect((await session.search({ visits: 20 })).visits).toBe(21);
    session.cancel();
    await own.close();
  });

  it('refuses ids in use and more requests than may wait', async () => {
    const session = await begun();
    const id = session.start({ visits: big });
    session.send({ $case: 'undo', value: { moves: 1 } }, id);
    expect((await session.receive()).answer).toMatchObject({
      value: { message: expect.stringMatching(/is still unanswered/) as string },
    });
    for (let i = 0; i < 40; i++) session.start({ visits: big });
    const refused = await session.receive();
    expect(refused.answer).toMatchObject({
      $case: 'error',
      value: { code: 8, message: expect.stringMatching(/wait already/) as string },
    });
    session.cancel();
    await freed(server);
  });
});

describe('SearchService ends a search', () => {
  it('and carries out what was sent when the client half-closes', async () => {
    const session = await begun();
    session.start({ visits: 50 });
    session.end();
    expect((await session.reports()).at(-1)!.visits).toBe(51);
    await expect(session.receive()).rejects.toThrow('The stream has ended');
    await freed(server);
  });

  it('when the call is cancelled, and when the connection is lost', async () => {
    const own = await startEvaluationServer(models);
    const session = await begun(own);
    session.start({ visits: big, reportMs: 10 });
    await session.receive();
    expect(own.games.figures.treeBytes).toBeGreaterThan(0);
    session.cancel();
    await freed(own);
    const proxy = new TcpProxy(own.address);
    const connection = new Connection({ address: await proxy.start() });
    const other = await begun({ ...own, connection });
    other.start({ visits: big, reportMs: 10 });
    await other.receive();
    proxy.cut();
    await freed(own);
    connection.close();
    proxy.stop();
    await own.close();
  });

  it('when the client stops reading', async () => {
    const own = await startEvaluationServer(models, {}, { stallMs: 200 });
    const client = own.connection.client(SearchServiceDefinition);
    async function* requests(): AsyncGenerator<
      Parameters<typeof client.search>[0] extends AsyncIterable<infer R> ? R : never
    > {
      yield { requestId: 1n, request: { $case: 'newGame', value: NewGame.create({ size }) } };
      const wishes = { ownership: true, movesOwnership: true, unvisited: true };
      yield {
        requestId: 2n,
        request: { $case: 'search', value: StartSearch.create({ visits: big, reportMs: 10, ...wishes }) },
      };
      await new Promise(() => undefined);
    }
    const answers = client.search(requests())[Symbol.asyncIterator]();
    await answers.next();
    // Nothing more is read.
    await vi.waitFor(() => expect(own.games.figures.treeBytes).toBeGreaterThan(0));
    await freed(own);
    await own.close();
  });
});

async function thought(thinker: Thinker, game: GameState, visits: number): Promise<Opinion> {
  const search = thinker.think(game, game.positionFor(game.position.toMove), { visits, ownership: true });
  let step = await search.next();
  while (!step.done) step = await search.next();
  return step.value;
}
