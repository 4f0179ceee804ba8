import { describe, expect, it } from 'vitest';
import { encodeModel, decodeModel } from '../../../../src/nn/model-file.js';
import type { Architecture } from '../../../../src/nn/networks/architecture.js';
import { alphaZeroCheckpoints } from '../../../../src/trainer/alphazero/checkpoint.js';
import { threadTraining } from '../../../../src/trainer/alphazero/training-handle.js';
import { JobWorld } from '../../../support/job-world.js';

describe('an alphazero job', () => {
  it('plays, trains, makes versions, rates and promotes them, and is done', async () => {
    const world = new JobWorld();
    const job = world.job();
    expect(job.nextWork()).toBeUndefined();
    await job.start();
    expect(world.models.size).toBe(1);
    expect(job.hasAllSelfPlay).toBe(false);
    await world.playUntil(job, () => world.games.filter(({ record }) => !record.match).length === 60);
    expect(job.hasAllSelfPlay).toBe(true);
    await world.playUntil(job);
    const { state, ratings } = await job.finished;
    expect(state).toBe('done');
    expect(ratings).toHaveLength(world.models.size);
    expect(ratings.length).toBeGreaterThan(3);
    // The last version is rated in full after self-play.
    expect(ratings.at(-1)!.games).toBeGreaterThanOrEqual(4);
    expect(ratings.at(-1)!.rating).toBeGreaterThan(0);
    expect(world.rated).toEqual(ratings);
    expect(world.promoted.at(0)).toBe(ratings[0]!.ref);
    expect(world.promoted.at(-1)).toBe(ratings.at(-1)!.ref);
    expect(job.nextWork()).toBeUndefined();
    const selfPlay = world.games.filter(({ record }) => !record.match);
    expect(selfPlay).toHaveLength(60);
    expect(job.metrics()).toMatchObject({ games: 60, progress: 1, backlog: 0, versions: ratings.length });
    expect(world.points.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['state', 'rating', 'promotion', 'train']),
    );
    expect(world.points.at(-1)!.message).toMatch(/^Done\nversion/);
  });

  it('uses the newest version in self-play, or the promoted one behind a gate', async () => {
    for (const promotion of ['latest', 'gate']) {
      const world = new JobWorld();
      const job = world.job({ promotion, ratingShare: 0 });
      await job.start();
      await world.playUntil(job, () => world.models.size >= 3);
      const [first, , third] = [...world.models.keys()];
      expect(job.currentVersion).toBe(promotion === 'latest' ? third : first);
      expect(job.nextWork()?.modelVersion).toBe(job.currentVersion);
      job.cancel();
      await job.finished;
    }
  });

  it('keeps rating games within their share while self-play runs, from distinct openings', async () => {
    const world = new JobWorld();
    const job = world.job({ ratingShare: 0.2, maxGames: 200, ratingGames: 40 });
    await job.start();
    await world.playUntil(job, () => world.games.length >= 150);
    const matches = world.games.flatMap(({ record }) => (record.match ? [record.match] : []));
    expect(matches.length).toBeGreaterThan(10);
    expect(matches.length).toBeLessThanOrEqual(0.2 * world.games.length + 1);
    expect(matches[0]!.opening).toHaveLength(2);
    expect(matches[1]!).toEqual({
      blackModel: matches[0]!.whiteModel,
      whiteModel: matches[0]!.blackModel,
      opening: matches[0]!.opening,
    });
    job.cancel();
    await job.finished;
  });

  it('gives the same games and versions for the same seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const world = new JobWorld();
      const job = world.job({ seed, ratingGames: 0, maxGames: 30 });
      await job.start();
      await world.playUntil(job);
      return [...world.seeds].map(String).concat((await job.finished).ratings.map(({ ref }) => ref));
    };
    const first = await run(1);
    // Games of the in-process training depend on no clock: neither do the weights.
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('continues after a kill with nothing lost and no game id given out twice', async () => {
    const world = new JobWorld();
    const first = world.job();
    await first.start();
    await world.playUntil(first, () => world.models.size >= 3);
    // What is played from here on is stored, but the checkpoint is of before.
    world.isDead = true;
    await world.playUntil(first, () => world.games.length >= 40);
    const saved = alphaZeroCheckpoints.decode(world.checkpoint!);
    const selfPlay = world.games.filter(({ record }) => !record.match);
    expect(saved.trainer.games).toBeLessThan(selfPlay.length);
    first.cancel();
    await first.finished;
    world.isDead = false;

    const second = world.job();
    const early = world.play({ gameId: 'late-guest', seed: 1, settings: { ...firstSettings(world) } });
    second.gameStored(early);
    await second.start();
    expect(second.metrics()).toMatchObject({ games: selfPlay.length + 1 });
    expect(second.metrics()['step']).toBeGreaterThanOrEqual(saved.trainer.step);
    const versions = world.models.size;
    await world.playUntil(second);
    const { ratings } = await second.finished;
    expect(second.metrics()['games']).toBe(60);
    // The versions of before the kill are still the first ones, and no weights became two versions.
    expect(ratings.slice(0, saved.job.league.versions.length).map(({ ref }) => ref)).toEqual(
      saved.job.league.versions.map(({ ref }) => ref),
    );
    expect(world.models.size).toBeGreaterThanOrEqual(versions);
    expect(ratings.at(-1)!.rating).toBeGreaterThan(0);
  });

  it('continues a cancelled job where it was', async () => {
    const world = new JobWorld();
    const first = world.job();
    await first.start();
    world.nowMs += 5000;
    await world.playUntil(first, () => world.games.length >= 25);
    first.cancel();
    expect(first.nextWork()).toBeUndefined();
    expect(await first.finished).toMatchObject({ state: 'cancelled' });
    const second = world.job();
    await second.start();
    expect(second.metrics()['games']).toBe(first.metrics()['games']);
    expect(second.metrics()['elapsedSeconds']).toBe(5);
    expect(second.currentVersion).toBe(first.currentVersion);
    second.cancel();
    await second.finished;
  });

  it('is cancelled by its signal, also while it starts', async () => {
    const world = new JobWorld();
    const running = new AbortController();
    const job = world.job({}, { signal: running.signal });
    await job.start();
    running.abort();
    expect((await job.finished).state).toBe('cancelled');
    const starting = new AbortController();
    const other = world.job({}, { signal: starting.signal });
    const started = other.start();
    starting.abort();
    await started.catch(() => undefined);
    expect((await other.finished).state).toBe('cancelled');
  });

  it('has no self-play to give while training is behind, and says when it has again', async () => {
    const world = new JobWorld();
    const job = world.job({ maxBacklogGames: 5 });
    await job.start();
    let handedOut = 0;
    for (let work = job.nextWork(); work; work = job.nextWork()) {
      job.gameStored(world.play(work));
      handedOut++;
    }
    expect(handedOut).toBe(5);
    const changes = world.changes;
    await expect.poll(() => world.changes).toBeGreaterThan(changes);
    expect(job.nextWork()).toBeDefined();
    job.cancel();
    await job.finished;
  });

  it('makes versions by the clock', async () => {
    const world = new JobWorld();
    const job = world.job({ candidateSteps: 0, candidateSeconds: 30, ratingGames: 0 });
    await job.start();
    await world.playUntil(job, () => job.metrics()['step']! > 5);
    expect(world.models.size).toBe(1);
    world.nowMs += 30_000;
    await world.playUntil(job, () => world.models.size > 1);
    expect(world.models.size).toBe(2);
    expect(world.promoted.at(-1)).toBe(job.currentVersion);
    job.cancel();
    await job.finished;
  });

  it('ends by the clock even if its last version is never rated', async () => {
    const world = new JobWorld();
    const job = world.job({ minutes: 1, maxGames: 0, ratingSeconds: 20 });
    await job.start();
    await world.playUntil(job, () => world.models.size >= 2);
    world.nowMs += 60_000;
    await expect.poll(() => job.nextWork()?.modelVersion).toBeUndefined();
    await expect.poll(() => world.points.some(({ message }) => message.startsWith('Self-play ends'))).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    await expect
      .poll(() => ((world.nowMs += 20_000), world.points.at(-1)!.message), { timeout: 5000 })
      .toMatch(/^Done/);
    expect((await job.finished).state).toBe('done');
  });

  it('fails, and says why, when a model cannot be stored', async () => {
    const world = new JobWorld();
    const job = world.job();
    await job.start();
    world.putError = new Error('disk full');
    await world.playUntil(job);
    await expect(job.finished).rejects.toThrow('disk full');
    expect(job.nextWork()).toBeUndefined();
    const other = world.job(
      {},
      { jobId: 'other', checkpoints: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() } },
    );
    await expect(other.start()).rejects.toThrow('disk full');
    await expect(other.finished).rejects.toThrow('disk full');
  });

  it('starts from a given model, and refuses one for another board', async () => {
    const world = new JobWorld();
    const job = world.job();
    await job.start();
    job.cancel();
    const bytes = [...world.models.values()][0]!;
    const child = new JobWorld();
    const second = child.job({ blocks: 3 }, { initialModel: bytes });
    await second.start();
    expect(decodeModel([...child.models.values()][0]!).weights).toEqual(decodeModel(bytes).weights);
    second.cancel();
    const model = decodeModel(bytes);
    const wrong = encodeModel({ ...model, architecture: { ...model.architecture, size: 9 } as Architecture });
    await expect(new JobWorld().job({}, { initialModel: wrong }).start()).rejects.toThrow(/size 9.*wants size 5/);
    await Promise.all([job.finished, second.finished]);
  });

  it('trains a network that KataGo can play, and goes on from one', async () => {
    const world = new JobWorld();
    const job = world.job({ network: 'katago', blocks: 2, maxGames: 15, ratingGames: 0 });
    await job.start();
    await world.playUntil(job);
    await job.finished;
    const trained = [...world.models.values()].at(-1)!;
    const { architecture, weights } = decodeModel(trained);
    expect(architecture).toMatchObject({ kind: 'katago', version: 8, boards: [5, 5], features: 'katago-7' });
    // Blocks begin by adding nothing.
    expect(weights.get('block1/filter2')!.data.some((value) => value !== 0)).toBe(true);
    const child = new JobWorld();
    const second = child.job({ features: 'katago-7', maxGames: 10 }, { initialModel: trained });
    await second.start();
    expect(decodeModel([...child.models.values()][0]!)).toMatchObject({ architecture, weights });
    second.cancel();
    await second.finished;
  });

  it('trains in a thread exactly as in its own', async () => {
    const training = threadTraining({ engine: 'onnxruntime', provider: 'cpu' });
    const run = async (threaded: boolean): Promise<Map<string, unknown>> => {
      const world = new JobWorld();
      const job = world.job({ ratingGames: 0, maxGames: 20 }, threaded ? { training } : {});
      await job.start();
      await world.playUntil(job);
      await job.finished;
      return new Map(alphaZeroCheckpoints.decode(world.checkpoint!).tensors);
    };
    const seen = await run(true);
    expect(seen).toEqual(await run(false));
  });
});

function firstSettings(world: JobWorld): Parameters<JobWorld['play']>[0]['settings'] {
  const { size, rules } = world.games[0]!.record;
  const none = { cheapVisits: 0, fullSearchShare: 1, gumbelRoot: true, gumbelActions: 8, temperatureMoves: 0 };
  return {
    size,
    rules,
    visits: 1,
    ...none,
    resignThreshold: -1,
    resignPlayoutShare: 0,
    maxMoves: 50,
    dirichletTotal: 0,
    lateTemperature: 0,
    earlyForkShare: 0,
    fullSearchAbove: 0,
  };
}
