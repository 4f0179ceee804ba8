import { describe, expect, it } from 'vitest';

import { decodeModel } from '../../../../src/nn/model-file.js';
import { alphaZeroCheckpoints } from '../../../../src/trainer/alphazero/checkpoint.js';
import type { AlphaZeroJob } from '../../../../src/trainer/alphazero/job.js';
import { threadTraining } from '../../../../src/trainer/alphazero/training-handle.js';
import { JobWorld } from '../../../support/job-world.js';

const growth = { growAfter: 150, growBlocks: 2, growChannels: 16, maxGames: 50, sampleFactor: 2 };

/** The channels of the network that a version has, or of the one that plays now. */
function channelsOf(world: JobWorld, ref: string): number {
  return decodeModel(world.models.get(ref)!).architecture.channels;
}

function playing(world: JobWorld, job: AlphaZeroJob): number {
  return channelsOf(world, job.currentVersion);
}

function growthPoints(world: JobWorld): readonly string[] {
  return world.points.filter(({ event }) => event === 'growth').map(({ message }) => message);
}

describe('an alphazero job whose network grows', () => {
  it.each(['latest', 'gate'])(
    'plays with the small one until a large one has won its match (%s)',
    async (promotion) => {
      const world = new JobWorld();
      const job = world.job({ ...growth, promotion });
      await job.start();
      await world.playUntil(job, () => growthPoints(world).length === 2);
      await world.playUntil(job, () => [...world.models.keys()].some((ref) => channelsOf(world, ref) === 16));
      const { games } = job.metrics();
      expect(playing(world, job)).toBe(8);
      await world.playUntil(job, () => playing(world, job) === 16);
      expect(job.metrics()['games']).toBeGreaterThan(games!);
      const large = world.promoted.find((ref) => channelsOf(world, ref) === 16)!;
      const met = world.games.flatMap(({ record: { match } }) => (match ? [match.blackModel, match.whiteModel] : []));
      expect(met.filter((ref) => ref === large).length).toBeGreaterThanOrEqual(4);
      await world.playUntil(job);
      expect((await job.finished).state).toBe('done');
      expect(channelsOf(world, world.promoted.at(-1)!)).toBe(16);
      const [begins, grown] = world.points.filter(({ event }) => event === 'growth');
      expect(begins!.message).toBe('The network begins to grow');
      expect(grown!.message).toMatch(/^The network has grown from 1 blocks of 8 channels to 2/);
      const { sourceLoss, grownLoss, parameters, sourceParameters } = grown!.metrics;
      expect(grownLoss).toBeCloseTo(sourceLoss!, 3);
      expect(parameters).toBeGreaterThan(sourceParameters!);
      // The source of the lineage is the last small version.
      const { grownFrom } = decodeModel(world.models.get(large)!).metadata;
      const { source } = JSON.parse(grownFrom!) as { source: string };
      expect([...world.models.keys()].filter((ref) => channelsOf(world, ref) === 8).at(-1)).toBe(source);
    },
  );

  it('gives the same versions for the same seed, in a thread as in its own', async () => {
    const training = threadTraining({ engine: 'onnxruntime', provider: 'cpu' });
    const run = async (isThreaded: boolean): Promise<string[]> => {
      const world = new JobWorld();
      const settings = { ...growth, growMethod: 'mango', growSteps: 4, ratingGames: 0, maxGames: 30 };
      const job = world.job(settings, isThreaded ? { training } : {});
      await job.start();
      await world.playUntil(job);
      const refs = (await job.finished).ratings.map(({ ref }) => ref);
      expect(channelsOf(world, refs.at(-1)!)).toBe(16);
      return refs;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('continues after a kill before and after growth, on trial as it was', async () => {
    const world = new JobWorld();
    const settings = { ...growth, ratingShare: 0, growMethod: 'mango', growSteps: 4 };
    const first = world.job(settings);
    await first.start();
    // Nothing reaches the disk from before the growth on.
    await world.playUntil(first, () => first.metrics()['step']! >= 10);
    world.isDead = true;
    await world.playUntil(first, () => growthPoints(world).length === 2 && first.metrics()['games']! >= 22);
    first.cancel();
    await first.finished;
    world.isDead = false;
    expect(alphaZeroCheckpoints.decode(world.checkpoint!).architecture.channels).toBe(8);
    const seen = [...world.models.keys()];

    const second = world.job(settings);
    await second.start();
    await world.playUntil(second, () => growthPoints(world).length === 4 && second.metrics()['games']! >= 25);
    expect(growthPoints(world)[3]).toBe(growthPoints(world)[1]);
    // The growth is done anew, to the same bytes.
    expect([...world.models.keys()].slice(0, seen.length)).toEqual(seen);
    second.cancel();
    await second.finished;
    const saved = alphaZeroCheckpoints.decode(world.checkpoint!);
    expect(saved.architecture).toMatchObject({ blocks: 2, channels: 16 });
    expect(saved.trainer.growth?.isGrown).toBe(true);

    const third = world.job({ ...settings, ratingShare: 0.3 });
    await third.start();
    expect(playing(world, third)).toBe(8);
    await world.playUntil(third);
    expect((await third.finished).state).toBe('done');
    expect(growthPoints(world)).toHaveLength(4);
    expect(channelsOf(world, world.promoted.at(-1)!)).toBe(16);
  });

  it('is cancelled in the middle of growth, and begins it again when it is resumed', async () => {
    const world = new JobWorld();
    const settings = { ...growth, growMethod: 'ligo', growSteps: 100_000 };
    const first = world.job(settings);
    await first.start();
    while (growthPoints(world).length === 0) {
      const work = first.nextWork();
      if (work) first.gameStored(world.play(work));
      await new Promise((resolve) => setImmediate(resolve));
    }
    first.cancel();
    expect((await first.finished).state).toBe('cancelled');
    const saved = alphaZeroCheckpoints.decode(world.checkpoint!);
    expect(saved.architecture.channels).toBe(8);
    expect(saved.trainer.growth).toBeUndefined();
    expect([...world.models.keys()].every((ref) => channelsOf(world, ref) === 8)).toBe(true);
    const second = world.job({ ...settings, growSteps: 2 });
    await second.start();
    await world.playUntil(second);
    expect(growthPoints(world).at(-1)).toMatch(/^The network has grown/);
    expect((await second.finished).state).toBe('done');
  });

  it('says why it goes on with the small network', async () => {
    const world = new JobWorld();
    const job = world.job({ ...growth, growAfter: 90, windowMin: 50 });
    await job.start();
    await world.playUntil(job);
    expect((await job.finished).state).toBe('done');
    expect(growthPoints(world)[1]).toMatch(/^The network does not grow from .*: The replay window has \d+ games/);
    expect(playing(world, job)).toBe(8);
  });

  it('refuses sizes that do not fit the model it starts from, and keeps the lineage of one that has grown', async () => {
    const world = new JobWorld();
    await expect(world.job({ ...growth, growChannels: 4 }).start()).rejects.toThrow(
      /channels is 4 in the target, less than the source's 8/,
    );
    const grown = new JobWorld();
    const job = grown.job(growth);
    await job.start();
    await grown.playUntil(job);
    await job.finished;
    const model = grown.models.get(grown.promoted.at(-1)!)!;
    const child = new JobWorld();
    await expect(child.job(growth, { initialModel: model }).start()).rejects.toThrow(/Nothing grows/);
    const next = child.job({}, { initialModel: model });
    await next.start();
    const { grownFrom } = decodeModel([...child.models.values()][0]!).metadata;
    expect(grownFrom).toBe(decodeModel(model).metadata['grownFrom']);
    next.cancel();
    await next.finished;
  });
});
