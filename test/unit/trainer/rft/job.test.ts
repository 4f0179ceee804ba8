import { cpuEngine } from '../../../../src/engine/engine-settings.js';
import { describe, expect, it } from 'vitest';
import { decodeTransformer, encodeModel } from '../../../../src/nn/model-file.js';
import { failed, type Reward } from '../../../../src/rewards/reward.js';
import { rftJob } from '../../../../src/trainer/rft/job.js';
import { readRftConfig } from '../../../../src/trainer/rft/job-config.js';
import { policyModelHere, policyModelThread } from '../../../../src/trainer/rft/policy-model-handle.js';
import type { RftPorts } from '../../../../src/trainer/rft/job.js';
import type { ProgressPoint } from '../../../../src/trainer/harness/ports.js';
import type { SteppedJob } from '../../../../src/trainer/harness/stepped-job.js';
import { memoryDatasets, memoryModels } from '../../../support/job-ports.js';
import { endlessLanguageModel, endlessText, tinyLanguageModel } from '../../../support/tiny-language-model.js';

const lines = Array.from({ length: 20 }, (_, i) => ({ prompt: `q: ${i * 7}`, answer: 'x', family: i % 2 ? 'a' : 'b' }));
const small = { dataset: 'd', promptsPerStep: 3, completions: 4, maxTokens: 5, steps: 6, evaluationSteps: 3 };

/** Likes even first bytes, and cannot judge a completion that begins with an odd one above 200. */
const picky: Reward = {
  score: (batch) =>
    Promise.resolve(
      batch.map(({ completion }) => {
        const first = Buffer.from(completion)[0] ?? 0;
        if (first > 200 && first % 2 === 1) return failed('odd');
        return { reward: first % 2 === 0 ? 1 : 0, correct: first % 2 === 0 ? 1 : 0 };
      }),
    ),
};

type Options = Partial<RftPorts> & { readonly reward?: Reward };

/** What is around a job: files, a checkpoint and models in memory. */
class World {
  readonly progress: ProgressPoint[] = [];
  readonly models: Uint8Array[] = [];
  readonly datasets = new Map<string, string>();
  checkpoint: Uint8Array | undefined;
  isClosed = false;
  onTrain: (step: number) => void = () => undefined;

  create(settings: object = {}, { reward = picky, ...more }: Options = {}): SteppedJob {
    return rftJob(readRftConfig({ ...small, ...settings }), {
      model: 'start',
      openPolicy: policyModelHere(cpuEngine),
      openReward: () => ({ ...reward, close: () => Promise.resolve(void (this.isClosed = true)) }),
      datasets: memoryDatasets(
        (name) => this.datasets.get(name) ?? lines.map((line) => JSON.stringify(line)).join('\n'),
        (name, _, bytes) => Promise.resolve(void this.datasets.set(name, new TextDecoder().decode(bytes))),
      ),
      checkpoints: {
        load: () => Promise.resolve(this.checkpoint),
        save: (_, bytes) => Promise.resolve(void (this.checkpoint = bytes)),
      },
      models: {
        ...memoryModels(encodeModel(tinyLanguageModel()), 'start@1'),
        put: (bytes) => Promise.resolve(`m@${this.models.push(bytes)}`),
      },
      progress: (point) => {
        this.progress.push(point);
        if (point.event === 'train') this.onTrain(point.metrics['step']!);
      },
      ...more,
    });
  }

  async run(settings: object = {}, more: Options = {}) {
    const job = this.create(settings, more);
    await job.start();
    return job.finished;
  }

  events(event: ProgressPoint['event']): ProgressPoint[] {
    return this.progress.filter((point) => point.event === event);
  }
}

describe('an rft job', { timeout: 60_000 }, () => {
  it('trains to its end, evaluates, shows samples, counts what could not be judged, and leaves a model', async () => {
    const world = new World();
    expect(await world.run({ evaluationShare: 0.2 })).toEqual({ state: 'done' });
    expect(world.events('state')[0]!.metrics).toEqual({ prompts: 16, evaluationPrompts: 4, skippedLines: 0 });
    const steps = world.events('train');
    expect(steps.map(({ metrics }) => metrics['step'])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.at(-1)!.metrics['totalRollouts']).toBe(72);
    const failures = steps.reduce((sum, { metrics }) => sum + metrics['failures']!, 0);
    expect(failures).toBeGreaterThan(0);
    expect(steps.map(({ message }) => message).join()).toContain('× odd');
    expect(world.events('evaluation').map(({ metrics }) => metrics['step'])).toEqual([0, 3, 6]);
    expect(world.events('evaluation')[0]!.metrics).toHaveProperty(['greedyAccuracy.a']);
    expect(JSON.parse(world.events('samples')[0]!.message)).toHaveLength(4);
    expect(decodeTransformer(world.models[0]!).metadata).toMatchObject({ step: '6' });
    expect(world.isClosed).toBe(true);
  });

  it('goes on from a stop with the same bits, in a thread of its own or not', async () => {
    const whole = new World();
    await whole.run();
    const stopped = new World();
    const job = stopped.create();
    stopped.onTrain = (step) => step === 2 && job.cancel();
    await job.start();
    expect(await job.finished).toEqual({ state: 'cancelled' });
    expect(await stopped.run({}, { openPolicy: policyModelThread(cpuEngine) })).toEqual({ state: 'done' });
    expect(Buffer.compare(stopped.models[0]!, whole.models[0]!)).toBe(0);
  });

  it.each([1, 2, 3])(
    'gives up what is judged when it is stopped, and goes on with the same bits (%i)',
    async (asked) => {
      // The first thing judged is an evaluation, then steps; and after three of them there is an evaluation again.
      const settings = { evaluationShare: 0.2, evaluationSteps: 1, steps: 3, sampledEvaluations: 0 };
      const whole = new World();
      await whole.run(settings);
      const stopped = new World();
      let judged = 0;
      const stuck = (signal?: AbortSignal): Promise<never> =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          job.cancel();
        });
      const score: Reward['score'] = (batch, signal) =>
        ++judged === asked ? stuck(signal) : picky.score(batch, signal);
      const job = stopped.create(settings, { reward: { score } });
      await job.start();
      expect(await job.finished).toEqual({ state: 'cancelled' });
      expect(await stopped.run(settings)).toEqual({ state: 'done' });
      expect(Buffer.compare(stopped.models[0]!, whole.models[0]!)).toBe(0);
      expect(stopped.events('evaluation').map(({ metrics }) => metrics['step'])).toEqual([0, 1, 2, 3]);
    },
  );

  it.each(['gain', 'learnability'])('goes on from a stop with the draws of curriculum %s', async (curriculum) => {
    const whole = new World();
    await whole.run({ curriculum });
    const stopped = new World();
    const job = stopped.create({ curriculum });
    stopped.onTrain = (step) => step === 2 && job.cancel();
    await job.start();
    await job.finished;
    expect(await stopped.run({ curriculum })).toEqual({ state: 'done' });
    expect(Buffer.compare(stopped.models[0]!, whole.models[0]!)).toBe(0);
  });

  it('keeps the scores of its pool, and takes them again only for the model that they are of', async () => {
    const world = new World();
    await world.run({ curriculum: 'gain', keepScores: 'kept' });
    const lines = world.datasets.get('kept')!.trim().split('\n');
    expect(JSON.parse(lines[0]!)).toMatchObject({ modelVersion: 'start@1', length: expect.any(Number) as number });
    const again = new World();
    again.datasets.set('kept', world.datasets.get('kept')!);
    await again.run({ curriculum: 'gain', scores: 'kept' });
    expect(Buffer.compare(again.models[0]!, world.models[0]!)).toBe(0);
    const other = new World();
    other.datasets.set('kept', world.datasets.get('kept')!.replaceAll('start@1', 'other@1'));
    const refused = other.create({ curriculum: 'gain', scores: 'kept' });
    await expect(refused.start()).rejects.toThrow(
      `Line 1 of the scores is of the model "other@1", the job starts from 'start@1'`,
    );
    await expect(refused.finished).rejects.toThrow();
    const lenient = other.create({ curriculum: 'gain', scores: 'kept', scoresOfAnyModel: true });
    await lenient.start();
    expect(await lenient.finished).toEqual({ state: 'done' });
  });

  it('draws anew with dynamic filtering unless it is told not to', async () => {
    const world = new World();
    await world.run({ curriculum: 'dynamic-filtering' });
    const drawn = (of: World): number => of.events('train').at(-1)!.metrics['totalPromptsDrawn']!;
    const told = new World();
    await told.run({ curriculum: 'dynamic-filtering', redraws: 0 });
    expect(drawn(world)).toBeGreaterThan(drawn(told));
  });

  it('refuses a data set with lines that cannot be used, naming them, or leaves them out', async () => {
    const world = new World();
    const long = { prompt: 'y'.repeat(125), answer: '1' };
    world.datasets.set('d', ['{"prompt": "a", "answer": "b"}', '{"prompt": "c"}', JSON.stringify(long)].join('\n'));
    const refused = world.create();
    await expect(refused.start()).rejects.toThrow(
      /'d' has lines that cannot be used: Line 2: answer is missing; it must be a string. Line 3: .* has 125 tokens and 5 may follow/,
    );
    await expect(refused.finished).rejects.toThrow();
    expect(await world.run({ unusable: 'skip', steps: 1 })).toEqual({ state: 'done' });
    expect(world.events('state')[0]!.metrics).toMatchObject({ prompts: 1, skippedLines: 2 });
  });

  it('fails with what the policy fails with, and closes everything', async () => {
    const world = new World();
    const broken: Reward = { score: () => Promise.reject(new Error('no judge')) };
    const job = world.create({}, { reward: broken });
    await job.start();
    await expect(job.finished).rejects.toThrow('no judge');
    expect(world.isClosed).toBe(true);
  });

  it('is stopped while its tasks are read, and reads them anew when it goes on', async () => {
    const world = new World();
    world.datasets.set('d', JSON.stringify({ prompt: endlessText, answer: 'a' }));
    const models = memoryModels(encodeModel(endlessLanguageModel()), 'words@1');
    const job = world.create({}, { models });
    const started = expect(job.start()).rejects.toMatchObject({ kind: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve));
    job.cancel();
    await started;
    expect(await job.finished).toEqual({ state: 'cancelled' });
    expect([world.isClosed, world.checkpoint]).toEqual([true, undefined]);
    world.datasets.set('d', JSON.stringify({ prompt: 'a', answer: 'a' }));
    expect(await world.run({ steps: 1 }, { models })).toEqual({ state: 'done' });
  });

  it('reads a pool of many parts', async () => {
    const world = new World();
    const prompts = Array.from({ length: 40_000 }, (_, i) => JSON.stringify({ prompt: `${i}+`, answer: 'x' }));
    world.datasets.set('d', prompts.join('\n'));
    expect(await world.run({ steps: 1, evaluationPrompts: 2 })).toEqual({ state: 'done' });
    expect(world.events('state')[0]!.metrics).toMatchObject({ prompts: 38_000, evaluationPrompts: 2 });
  });
});
