import { cpuEngine } from '../../../../src/engine/engine-settings.js';
import { describe, expect, test } from 'vitest';

import { decodeTransformer, encodeModel } from '../../../../src/nn/model-file.js';
import type { RankGrid } from '../../../../src/ranks/grid.js';
import { readSftConfig } from '../../../../src/trainer/sft/config.js';
import { sftJob } from '../../../../src/trainer/sft/job.js';
import { readLanguageModel } from '../../../../src/trainer/sft/language-model.js';

import type { ProgressPoint } from '../../../../src/trainer/harness/ports.js';
import type { SteppedJob } from '../../../../src/trainer/harness/stepped-job.js';
import { memoryDatasets, memoryModels } from '../../../support/job-ports.js';
import { endlessLanguageModel, endlessText } from '../../../support/tiny-language-model.js';

const sizes = { layers: 1, hidden: 16, heads: 2, keyValueHeads: 1, bucketSize: 40 };
const small = { dataset: 'd', costModel: 'estimate', batchSize: 4, warmupSteps: 2, ...sizes };

const lines = Array.from({ length: 24 }, (_, i) => {
  const text = String.fromCharCode(97 + (i % 5)).repeat(3 + ((i * 7) % 20));
  return i % 3 === 0 ? JSON.stringify({ prompt: text, completion: text.toUpperCase() }) : JSON.stringify({ text });
});

/** What is around a job: a checkpoint and model files in memory. */
class World {
  readonly progress: ProgressPoint[] = [];
  readonly models: Uint8Array[] = [];
  readonly promoted: string[] = [];
  base: Uint8Array | undefined;
  checkpoint: Uint8Array | undefined;
  job: SteppedJob | undefined;
  grids = 0;
  onTrain: (step: number) => void = () => undefined;
  onGrid: (grid: RankGrid, count: number) => void = () => undefined;

  create(settings: object = {}, file = lines.join('\n')): SteppedJob {
    const config = readSftConfig({ ...small, ...settings });
    this.job = sftJob(config, {
      model: 'm',
      engine: cpuEngine,
      datasets: memoryDatasets(() => file),
      checkpoints: {
        load: () => Promise.resolve(this.checkpoint),
        save: (_, bytes) => {
          this.checkpoint = bytes;
          return Promise.resolve();
        },
      },
      models: {
        ...memoryModels(this.base),
        put: (bytes) => Promise.resolve(`m@${this.models.push(bytes)}`),
        promote: (ref) => {
          this.promoted.push(ref);
          return Promise.resolve();
        },
      },
      progress: (point) => {
        this.progress.push(point);
        if (point.event === 'train') this.onTrain(point.metrics['step'] ?? 0);
      },
      now: () => performance.now(),
      onGrid: (grid) => this.onGrid(grid, ++this.grids),
    });
    return this.job;
  }

  async run(settings: object = {}, file?: string) {
    const job = this.create(settings, file);
    await job.start();
    return job.finished;
  }

  losses(): number[] {
    return this.progress.flatMap(({ event, metrics }) => (event === 'train' ? [metrics['loss'] ?? NaN] : []));
  }
}

describe('an sft job', { timeout: 60_000 }, () => {
  test('trains to its end, evaluates, and leaves a model', async () => {
    const world = new World();
    expect(await world.run({ maxSteps: 12, learningRate: 0.02, evaluationShare: 0.2, evaluationSteps: 6 })).toEqual({
      state: 'done',
    });
    const losses = world.losses();
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const evaluations = world.progress.filter(({ event }) => event === 'evaluation');
    expect(evaluations.map(({ metrics }) => metrics['step'])).toEqual([6, 12]);
    expect(world.models).toHaveLength(1);
    expect(decodeTransformer(world.models[0]!).architecture).toMatchObject({ layers: 1, vocabulary: 259 });
    const [first] = world.progress.filter(({ event }) => event === 'train');
    expect([...new Set(first?.times?.map(({ rank }) => rank))]).toEqual([0, 1]);
  });

  test.each([
    ['best', 'best'],
    ['last', 'last'],
    ['never', undefined],
  ] as const)('promotes, with promote=%s, the version that is %s', async (promote, wanted) => {
    const world = new World();
    // So large that the loss rises again.
    const settings = {
      maxSteps: 16,
      learningRate: 3,
      schedule: 'constant',
      clipNorm: 0,
      evaluationShare: 0.3,
      evaluationSteps: 2,
      promote,
    };
    const stopAt = 9;
    world.onTrain = (step) => {
      if (step === stopAt) world.job?.cancel();
    };
    await world.run(settings);
    world.onTrain = () => undefined;
    await world.run(settings);
    const evaluations = world.progress.filter(({ event }) => event === 'evaluation').map(({ metrics }) => metrics);
    const best = evaluations.reduce((a, b) => (b['evaluationLoss']! < a['evaluationLoss']! ? b : a))['step']!;
    expect(best).toBeLessThan(16);
    const steps = world.promoted.map(
      (ref) => decodeTransformer(world.models[Number(ref.slice(2)) - 1]!).metadata['step'],
    );
    expect(steps).toEqual(wanted === undefined ? [] : [String(wanted === 'best' ? best : 16)]);
    expect(world.models).toHaveLength(promote === 'best' ? 2 : 1);
  });

  test('fails with the step and the tensor when a loss is not finite, and keeps and promotes nothing', async () => {
    const world = new World();
    const model = readLanguageModel(undefined, readSftConfig({ dataset: 'd', ...sizes }));
    const name = 'model.layers.0.self_attn.k_proj.weight';
    model.weights.get(name)!.data.fill(1e38);
    world.base = encodeModel(model);
    const run = world.run({ maxSteps: 4 });
    await expect(run).rejects.toMatchObject({ kind: 'failed-precondition' });
    await expect(run).rejects.toThrow(/'loss' of step 1 is NaN; the first tensor that is not finite is 'model\./);
    expect([world.models, world.promoted, world.losses()]).toEqual([[], [], []]);
    expect(world.checkpoint).toBeUndefined();
  });

  test.each([
    [1, 2],
    [2, 1],
  ])('that was stopped goes on as if it had not been (%i × %i)', async (dataParallel, contextParallel) => {
    const settings = { dataParallel, contextParallel, maxSteps: 8, policy: 'skrull' };
    const whole = new World();
    await whole.run(settings);
    const stopped = new World();
    stopped.onTrain = (step) => {
      if (step === 3) stopped.job?.cancel();
    };
    expect(await stopped.run(settings)).toEqual({ state: 'cancelled' });
    expect(stopped.losses()).toHaveLength(3);
    expect(await stopped.run(settings)).toEqual({ state: 'done' });
    expect(stopped.losses()).toEqual(whole.losses());
    expect(stopped.models).toEqual(whole.models);
    expect(stopped.checkpoint).toEqual(whole.checkpoint);
  });

  test('repeats a step whose rank died and gives the same model', async () => {
    const settings = { maxSteps: 5 };
    const whole = new World();
    await whole.run(settings);
    const world = new World();
    let present: RankGrid | undefined;
    world.onGrid = (grid) => (present = grid);
    world.onTrain = (step) => {
      if (step === 2) present?.loseRank(1);
    };
    expect(await world.run(settings)).toEqual({ state: 'done' });
    expect(world.grids).toBe(2);
    expect(world.progress.map(({ message }) => message)).toContain('Rank 1 is gone; the step is repeated');
    expect(world.models).toEqual(whole.models);
  });

  test('fails when ranks die again and again', async () => {
    const world = new World();
    world.onGrid = (grid) => grid.loseRank(0);
    const job = world.create({ maxRankFailures: 1, maxSteps: 3 });
    await job.start();
    await expect(job.finished).rejects.toMatchObject({ kind: 'unavailable' });
    expect(world.grids).toBe(2);
  });

  test('names malformed lines and learns from the others', async () => {
    const world = new World();
    await world.run({ maxSteps: 1 }, ['{"text":"hello"}', 'oops', '{"text":"world"}', '{"prompt":"x"}'].join('\n'));
    const [data] = world.progress;
    expect(data?.metrics).toMatchObject({ malformedLines: 2 });
    expect(data?.message).toMatch(/Line 2: it is not JSON. Line 4: it has prompt of the fields/);
  });

  test('refuses a sample that is longer than the memory of a group, or leaves it out if told to', async () => {
    const file = [JSON.stringify({ text: 'ok' }), JSON.stringify({ text: 'x'.repeat(81) })].join('\n');
    const refusal = /Line 2: it has 81 tokens; the ranks of a group hold 80 together/;
    const refused = new World().create({}, file);
    await expect(refused.start()).rejects.toMatchObject({ kind: 'invalid-argument', message: refusal });
    await expect(refused.finished).rejects.toThrow(refusal);
    const world = new World();
    await world.run({ tooLong: 'skip', maxSteps: 1 }, file);
    expect(world.progress[0]?.metrics).toMatchObject({ skippedLines: 1, samples: 1 });
  });

  test('takes as many tokens as fit in the memory that it is given', async () => {
    const world = new World();
    await world.run({ maxSteps: 1, bucketSize: 0, memoryMegabytes: 64 });
    const [{ metrics, message }] = world.progress as [ProgressPoint];
    expect(message).toBe(`A rank holds ${metrics['bucketSize']} tokens`);
    const larger = new World();
    await larger.run({ maxSteps: 1, bucketSize: 0, memoryMegabytes: 128 });
    const ratio = larger.progress[0]!.metrics['bucketSize']! / metrics['bucketSize']!;
    expect(ratio).toBeGreaterThan(2);
    expect(ratio).toBeLessThan(2.1);
  });

  test('schedules by what it measured on its ranks, and keeps that with the checkpoint', async () => {
    const world = new World();
    await world.run({ maxSteps: 2, costModel: 'profile' });
    expect(world.progress.map(({ message }) => message)).toContain("Measured the ranks' times");
    const header = new TextDecoder().decode(world.checkpoint?.subarray(0, 5000));
    expect(header).toMatch(/linearMs/);
  });

  test('is stopped while its data is read, and reads it anew when it goes on', async () => {
    const world = new World();
    world.base = encodeModel(endlessLanguageModel());
    const job = world.create({}, JSON.stringify({ prompt: 'a', completion: endlessText }));
    const started = expect(job.start()).rejects.toMatchObject({ kind: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve));
    job.cancel();
    await started;
    expect(await job.finished).toEqual({ state: 'cancelled' });
    expect(world.checkpoint).toBeUndefined();
    expect(await world.run({ maxSteps: 1 }, JSON.stringify({ prompt: 'a', completion: 'a' }))).toEqual({
      state: 'done',
    });
  });
});
