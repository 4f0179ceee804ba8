import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { AppError } from '../../../../src/core/errors.js';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { decodeModel } from '../../../../src/nn/model-file.js';
import { readAlphaZeroConfig, type AlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import type { StoredGame } from '../../../../src/trainer/go-data/stored-game.js';
import {
  architectureOf,
  Trainer,
  type TrainerCopy,
  type TrainerStart,
} from '../../../../src/trainer/alphazero/trainer.js';
import { randomGame } from '../../../support/random-games.js';

const settings = {
  size: 5,
  blocks: 1,
  channels: 8,
  batchSize: 16,
  startPositions: 40,
  windowMin: 150,
  sampleFactor: 4,
  warmupSteps: 5,
  seed: 7,
  learningRate: 0.01,
  growAfter: 200,
  growBlocks: 2,
  growChannels: 16,
};
const games: StoredGame[] = Array.from({ length: 40 }, (_, i) => {
  return { sequence: 3 * i + 1, record: randomGame({ size: 5, seed: i }) };
});

function config(changes: object = {}): AlphaZeroConfig {
  return readAlphaZeroConfig({ ...settings, ...changes });
}

function create(of: AlphaZeroConfig, from?: TrainerCopy): Promise<Trainer> {
  const names = { jobId: 'job-1', model: 'go5' };
  const start: TrainerStart = from
    ? { architecture: from.architecture, checkpoint: { state: from.state, tensors: from.tensors }, names }
    : { architecture: architectureOf(of), names };
  return Trainer.create(onnxRuntimeEngine(), of, start);
}

interface Fed {
  readonly losses: number[];
  readonly rates: number[];
  /** Taken just before and just after growth. */
  readonly before?: TrainerCopy;
  readonly after?: TrainerCopy;
  readonly message?: string;
  readonly figures?: Readonly<Record<string, number>>;
}

/** Adds games, makes every step, and grows when that is due; stops before it with `stopsAtGrowth`. */
async function feed(trainer: Trainer, some: readonly StoredGame[], stopsAtGrowth = false): Promise<Fed> {
  const losses: number[] = [];
  const rates: number[] = [];
  let fed: Fed = { losses, rates };
  for (const game of [undefined, ...some]) {
    if (game) trainer.add(game, 0);
    if (trainer.isGrowthDue) {
      if (stopsAtGrowth) return fed;
      const before = await trainer.copy();
      const { message, figures } = await trainer.grow();
      fed = { ...fed, before, after: await trainer.copy(), message, figures };
    }
    while (trainer.isDue) {
      const step = await trainer.makeStep();
      losses.push(step['loss']!);
      rates.push(step['learningRate']!);
    }
  }
  return fed;
}

describe('a trainer whose network grows', () => {
  it.each(['net2net', 'mango-exact'])('goes on with a larger network of the same function (%s)', async (growMethod) => {
    const trainer = await create(config({ growMethod, growSteps: 8 }));
    const { losses, rates, before, after, message, figures } = await feed(trainer, games);
    expect(message).toBe('The network has grown from 1 blocks of 8 channels to 2 blocks of 16 channels');
    expect(after!.architecture).toEqual({ ...before!.architecture, blocks: 2, channels: 16 });
    expect(figures!['grownLoss']).toBeLessThan(figures!['sourceLoss']! + 0.01);
    expect(figures!['operatorSteps']).toBe(growMethod === 'net2net' ? 0 : 8);
    // Not a step was lost, and the warm-up began again.
    const { step } = before!.state;
    expect(losses).toHaveLength(Math.floor((400 * 4) / 16));
    expect(rates.slice(step - 1, step + 7)).toEqual(
      [0.01, ...[1, 2, 3, 4, 5].map((i) => i / 600), 0.01, 0.01].map((rate) => expect.closeTo(rate, 8) as number),
    );
    const mean = (of: readonly number[]): number => of.reduce((sum, loss) => sum + loss, 0) / of.length;
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(step - 10, step)));
    expect(after!.state).toMatchObject({ growth: { step, isGrown: true } });
    const { metadata, architecture } = decodeModel((await trainer.copy()).modelFile);
    expect(architecture).toEqual(after!.architecture);
    const sourceSha256 = createHash('sha256').update(before!.modelFile).digest('hex');
    expect(JSON.parse(metadata['grownFrom']!)).toMatchObject({
      source: `go5@${sourceSha256.slice(0, 12)}`,
      sourceSha256,
      method: growMethod,
      seed: 7,
      data: 'job-1',
      loss: figures!['grownLoss'],
      sourceLoss: figures!['sourceLoss'],
    });
    await trainer.release();
  });

  it.each([0, 0.5])('is the same bit for bit when it stops before or after growth (angles %s)', async (angleWeight) => {
    const of = config({ growMethod: 'mango', growSteps: 4, angleWeight, angleRenewSteps: 15 });
    const whole = await create(of);
    const { losses, before, after } = await feed(whole, games);
    const end = await whole.copy();
    await whole.release();
    const again = async (from: TrainerCopy): Promise<void> => {
      const resumed = await create(of, from);
      const { sequence, oldest, step } = from.state;
      for (const game of games) if (game.sequence >= oldest.sequence && game.sequence <= sequence) resumed.add(game, 0);
      const rest = await feed(
        resumed,
        games.filter((game) => game.sequence > sequence),
      );
      expect(rest.losses).toEqual(losses.slice(step));
      const { state, tensors, modelFile } = await resumed.copy();
      expect(state).toEqual(end.state);
      expect(tensors).toEqual(end.tensors);
      expect(modelFile).toEqual(end.modelFile);
      await resumed.release();
    };
    await again(before!);
    await again(after!);
  });

  it('stays as it was when growth is stopped, and can be asked where it stands meanwhile', async () => {
    const of = config({ growMethod: 'ligo', growSteps: 50 });
    const trainer = await create(of);
    await feed(trainer, games, true);
    const before = await trainer.copy();
    const abort = new AbortController();
    const seen: TrainerCopy[] = [];
    const growth = trainer.grow({
      signal: abort.signal,
      onStep: async ({ step }) => {
        seen.push(await trainer.copy());
        if (step === 3) abort.abort(new AppError('cancelled', 'stopped'));
      },
    });
    await expect(growth).rejects.toThrow('stopped');
    expect(seen).toEqual([before, before, before]);
    expect(await trainer.copy()).toEqual(before);
    expect(trainer.isGrowthDue).toBe(true);
    await trainer.release();
  });

  it('goes on small and says why when the loss would rise too far, or the games are too few', async () => {
    const spoilt = await create(config({ growMethod: 'stack', growMaxLossIncrease: 0, growBlocks: 12 }));
    const { message, after, losses } = await feed(spoilt, games);
    expect(message).toMatch(
      /^The network does not grow from 1 blocks of 8 channels to 12 .*: The loss of the network grown by stack is .*\(growMaxLossIncrease\)/,
    );
    expect(after).toMatchObject({ architecture: { blocks: 1, channels: 8 }, state: { growth: { isGrown: false } } });
    expect(losses).toHaveLength(100);
    const resumed = await create(config({ growMethod: 'stack', growBlocks: 12 }), after);
    expect(resumed.isGrowthDue).toBe(false);
    const poor = await create(config({ growAfter: 50 }));
    const refused = await feed(poor, games.slice(0, 8));
    expect(refused.message).toMatch(/The replay window has 5 games; at least 10 are needed to grow on it/);
    await Promise.all([spoilt, resumed, poor].map((trainer) => trainer.release()));
  });

  it('refuses sizes that do not fit before anything is computed', async () => {
    await expect(create(config({ growBlocks: 0, growChannels: 4 }))).rejects.toThrow(
      /channels is 4 in the target, less than the source's 8/,
    );
    await expect(create(config({ growBlocks: 1, growChannels: 8 }))).rejects.toThrow(/Nothing grows/);
    expect(() => config({ growAfter: 0 })).toThrow(/'growAfter', .* are 0, 2 and 16/);
    expect(() => config({ growBlocks: 0, growChannels: 0 })).toThrow(/are 200, 0 and 0/);
    expect(() => config({ growAfter: 39 })).toThrow(/'growAfter' is 39; .* 'startPositions', which is 40/);
  });
});
