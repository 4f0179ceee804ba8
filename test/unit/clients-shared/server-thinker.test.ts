import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../../clients/shared/connection.js';
import { GamePrecision } from '../../../clients/shared/game-precision.js';
import { type AskOptions, type GameThinker, PlacedThinker } from '../../../clients/shared/game-thinker.js';
import { RemoteEvaluator } from '../../../clients/shared/remote-evaluator.js';
import { ServerThinker } from '../../../clients/shared/server-thinker.js';
import type { AppError } from '../../../src/core/errors.js';
import { WHITE, type Color } from '../../../src/go/color.js';
import { defaultRules } from '../../../src/go/rules.js';
import { GameState } from '../../../src/player/game-state.js';
import type { Opinion } from '../../../src/player/opinion.js';
import { tuningOf } from '../../../src/player/search-parameters.js';
import { Thinker, type ThinkerTuning } from '../../../src/player/thinker.js';
import { startDelayProxy } from '../../../bench/shared/delay-proxy.js';
import { nearly } from '../../support/nearly.js';
import { startEvaluationServer, type EvaluationServer } from '../../support/evaluation-server.js';
import { MemoryModels, tinyModel } from '../../support/served-models.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const size = 5;
const models = new MemoryModels().add('go@1', tinyModel(size, 1)).promote('', 'go@1');
let transpositions: ThinkerTuning['transpositions'] = 'none';
const tuning = () => tuningOf({ cPuct: 1.2, staticScore: 0.2 }, 1, transpositions);
const big = 1_000_000;
let server: EvaluationServer;
let precision = new GamePrecision('auto');
const troubles: AppError[] = [];
const thinkers: ServerThinker[] = [];

beforeAll(async () => {
  server = await startEvaluationServer(models);
});
afterEach(() => {
  for (const thinker of thinkers.splice(0)) thinker.clear();
  troubles.length = 0;
  precision = new GamePrecision('auto');
  transpositions = 'none';
});
afterAll(() => server.close());

function onServer(connection = server.connection, patienceMs = 5000): ServerThinker {
  const onTrouble = (error: AppError): void => void troubles.push(error);
  const common = { connection, model: '', patienceMs, tuning, onTrouble };
  const thinker = new ServerThinker({ ...common, precision: () => precision, network: true });
  thinkers.push(thinker);
  return thinker;
}

async function thought(thinker: GameThinker, game: GameState, options: AskOptions, color?: Color): Promise<Opinion> {
  const search = thinker.think(game, game.positionFor(color ?? game.position.toMove), options);
  let step = await search.next();
  while (!step.done) step = await search.next();
  return step.value;
}

describe('the search of the server', () => {
  it('thinks as a search of its own, whatever happens in the game', async () => {
    const evaluators = [false, true].map((ownership) => new RemoteEvaluator(server.connection, { ownership }));
    const own = new Thinker(
      (ownership) => evaluators[ownership ? 1 : 0]!,
      tuning,
      (error) => void troubles.push(error),
    );
    const there = onServer();
    const game = new GameState(size, defaultRules(size));
    const same = async (options: AskOptions, color?: Color): Promise<void> => {
      const [mine, theirs] = [await thought(own, game, options, color), await thought(there, game, options, color)];
      expect(theirs).toEqual(nearly(mine));
    };
    const ownership = { ownership: true, movesOwnership: true };
    await same({ visits: 80 });
    game.play(1, 12);
    await same({ visits: 80 });
    game.play(2, 7);
    game.play(1, 6);
    await same({ visits: 80, ...ownership });
    await same({ visits: 30, ...ownership }, 1);
    const allowed = new Uint8Array(26).fill(1);
    allowed[0] = allowed[8] = 0;
    await same({ visits: 30, ...ownership, restrictions: [{ player: WHITE, allowed, depth: 3 }] });
    game.undo();
    await same({ visits: 60, ...ownership });
    game.setRules({ ...game.rules, komi: 0.5 });
    await same({ visits: 60, ...ownership });
    game.setUp({ black: [6, 18], white: [], toMove: WHITE });
    game.play(2, 25);
    game.play(1, 25);
    await same({ visits: 60, ...ownership });
    expect(troubles).toEqual([]);
    expect(precision.answered).toBe('fp32');
    expect(there.evaluation?.logits.length).toBe(26);
    for (const evaluator of evaluators) evaluator.close();
  });

  it('shares what its tuning says', async () => {
    transpositions = 'statistics';
    const evaluator = new RemoteEvaluator(server.connection, { ownership: false });
    const own = new Thinker(
      () => evaluator,
      tuning,
      (error) => void troubles.push(error),
    );
    const game = new GameState(size, defaultRules(size));
    const mine = await thought(own, game, { visits: 300 });
    expect(await thought(onServer(), game, { visits: 300 })).toEqual(nearly(mine));
    transpositions = 'none';
    expect(await thought(onServer(), game, { visits: 300 })).not.toEqual(nearly(mine));
    evaluator.close();
  });

  it('yields opinions, and gives what it has when it is stopped', async () => {
    const stop = new AbortController();
    const game = new GameState(size, defaultRules(size));
    const thinker = onServer();
    const search = thinker.think(game, game.positionFor(1), { visits: big, reportMs: 10, stop: stop.signal });
    const first = await search.next();
    expect(first.done).toBe(false);
    stop.abort();
    let step = await search.next();
    while (!step.done) step = await search.next();
    expect(step.value.visits).toBeGreaterThanOrEqual(first.value.visits);
    // The tree is still there.
    expect((await thought(thinker, game, { visits: 0 })).visits).toBe(step.value.visits);
    expect((await thought(thinker, game, { visits: 9, stop: stop.signal })).candidates).toEqual([]);
  });

  it('ends by time', async () => {
    const game = new GameState(size, defaultRules(size));
    expect((await thought(onServer(), game, { visits: big, timeMs: 50 })).visits).toBeGreaterThan(0);
  });

  it('is begun again when the connection is lost, and says that the game on the server was', async () => {
    const proxy = new TcpProxy(server.address);
    const connection = new Connection({ address: await proxy.start() });
    const game = new GameState(size, defaultRules(size));
    const stop = new AbortController();
    const options = { visits: big, reportMs: 10, stop: stop.signal };
    const thinker = onServer(connection);
    const search = thinker.think(game, game.positionFor(1), options);
    await search.next();
    proxy.cut();
    // What came before the cut may still be read.
    while (proxy.accepted < 2) expect((await search.next()).done).toBe(false);
    expect((await search.next()).done).toBe(false);
    stop.abort();
    while (!(await search.next()).done);
    expect(troubles.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The search on the server was lost and begins anew: /),
    ]);
    // The move that the lost game did not have is in the new one.
    game.play(1, 12);
    expect((await thought(thinker, game, { visits: 20 })).candidates.map(({ action }) => action)).not.toContain(12);
    connection.close();
    proxy.stop();
  });

  it('does not wait for a server that is silent when it is to stop', async () => {
    const proxy = new TcpProxy(server.address);
    const connection = new Connection({ address: await proxy.start() });
    const game = new GameState(size, defaultRules(size));
    const stop = new AbortController();
    const search = onServer(connection).think(game, game.positionFor(1), {
      visits: big,
      reportMs: 10,
      stop: stop.signal,
    });
    const first = await search.next();
    proxy.stalled = true;
    stop.abort();
    let step = await search.next();
    while (!step.done) step = await search.next();
    expect(step.value.visits).toBeGreaterThanOrEqual(first.value.visits);
    connection.close();
    proxy.stop();
  });

  it('keeps the tree when it is stopped, however long the answer to the stop is on its way', async () => {
    const proxy = await startDelayProxy(server.address, 400);
    const connection = new Connection({ address: proxy.address });
    const game = new GameState(size, defaultRules(size));
    const thinker = onServer(connection);
    const stop = new AbortController();
    const search = thinker.think(game, game.positionFor(1), { visits: big, reportMs: 10, stop: stop.signal });
    await search.next();
    stop.abort();
    let step = await search.next();
    while (!step.done) step = await search.next();
    expect((await thought(thinker, game, { visits: 0 })).visits).toBeGreaterThanOrEqual(step.value.visits);
    expect(troubles).toEqual([]);
    connection.close();
    proxy.close();
  });

  it('gives what it has, and keeps it, when the evaluations under way are never answered', async () => {
    let now = 0;
    const own = await startEvaluationServer(models, {}, { quotas: '*=0/40', now: () => now });
    const game = new GameState(size, defaultRules(size));
    const thinker = onServer(own.connection);
    const stop = new AbortController();
    const search = thinker.think(game, game.positionFor(1), { visits: big, reportMs: 10, stop: stop.signal });
    const refused = vi.waitFor(() => expect(own.quotas.figures()[0]?.refused).toBeGreaterThan(0), 10_000);
    void refused.then(() => stop.abort());
    let step = await search.next();
    while (!step.done) step = await search.next();
    expect(step.value.visits).toBeGreaterThan(1);
    now = 1000;
    expect((await thought(thinker, game, { visits: 0 })).visits).toBe(step.value.visits);
    await own.close();
  });

  it('ends on the server when nobody reads its reports any more, and leaves the next one its tree', async () => {
    const game = new GameState(size, defaultRules(size));
    const thinker = onServer();
    const search = thinker.think(game, game.positionFor(1), { visits: big, reportMs: 10 });
    const first = await search.next();
    await search.return(first.value);
    expect((await thought(thinker, game, { visits: 0 })).visits).toBeGreaterThanOrEqual(first.value.visits);
  });

  it('is made here, where it may be, when the server has no room for its game', async () => {
    const full = await startEvaluationServer(models, {}, { search: { searchGames: 1 } });
    const game = new GameState(size, defaultRules(size));
    await thought(onServer(full.connection), game, { visits: 9 });
    const evaluator = new RemoteEvaluator(full.connection, {});
    const local = new Thinker(
      () => evaluator,
      tuning,
      (error) => void troubles.push(error),
    );
    const common = { connection: full.connection, model: '', patienceMs: 600_000, tuning, hasElsewhere: true };
    const heard = (error: AppError): void => void troubles.push(error);
    const server = new ServerThinker({ ...common, precision: () => precision, onTrouble: heard });
    const placed = new PlacedThinker(() => Promise.resolve('server'), { local, server }, heard);
    expect((await thought(placed, game, { visits: 9 })).visits).toBe(10);
    expect(troubles.at(-1)?.message).toMatch(/^The search runs here, not on the server: .* has 1 games open/);
    evaluator.close();
    await full.close();
  });

  it('is begun again however long it had gone on when the connection was lost', async () => {
    const proxy = new TcpProxy(server.address);
    const connection = new Connection({ address: await proxy.start() });
    const game = new GameState(size, defaultRules(size));
    const patienceMs = 1000;
    const stop = new AbortController();
    const options = { visits: big, reportMs: 10, stop: stop.signal };
    const search = onServer(connection, patienceMs).think(game, game.positionFor(1), options);
    const started = performance.now();
    while (performance.now() - started <= 2 * patienceMs) await search.next();
    proxy.cut();
    while (proxy.accepted < 2) expect((await search.next()).done).toBe(false);
    expect((await search.next()).done).toBe(false);
    stop.abort();
    while (!(await search.next()).done);
    connection.close();
    proxy.stop();
  });

  it('fails with the server’s sentence', async () => {
    const game = new GameState(9, defaultRules(9));
    await expect(thought(onServer(), game, { visits: 5 })).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: 'Model go@1 plays 5×5; size is 9',
    });
  });

  it('fails after its patience where no server is', async () => {
    const connection = new Connection({ address: '127.0.0.1:1' });
    const game = new GameState(size, defaultRules(size));
    await expect(thought(onServer(connection, 300), game, { visits: 5 })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    connection.close();
  });
});
