import { describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { decodeModel } from '../../../../src/nn/model-file.js';
import { alphaZeroCheckpoints } from '../../../../src/trainer/alphazero/checkpoint.js';
import { readAlphaZeroConfig, type AlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import type { StoredGame } from '../../../../src/trainer/go-data/stored-game.js';
import { Trainer, architectureOf, type TrainerCopy } from '../../../../src/trainer/alphazero/trainer.js';
import { playTree } from '../../../support/played-tree.js';
import { randomGame } from '../../../support/random-games.js';

const tiny = {
  size: 5,
  blocks: 1,
  channels: 8,
  batchSize: 16,
  startPositions: 40,
  windowMin: 60,
  sampleFactor: 4,
  warmupSteps: 5,
  seed: 7,
};
const games: StoredGame[] = Array.from({ length: 60 }, (_, i) => ({
  sequence: 3 * i + 1,
  record: randomGame({ size: 5, seed: i, full: 0.8 }),
}));

function create(config: AlphaZeroConfig, from?: TrainerCopy): Promise<Trainer> {
  const start = { architecture: architectureOf(config) };
  return Trainer.create(
    onnxRuntimeEngine(),
    config,
    from ? { ...start, checkpoint: { state: from.state, tensors: from.tensors } } : start,
  );
}

/** Adds games and makes every step that comes due; returns the losses. */
async function feed(trainer: Trainer, some: readonly StoredGame[], stopAtStep = Infinity): Promise<number[]> {
  const losses: number[] = [];
  const work = async (): Promise<void> => {
    while (trainer.isDue && trainer.step < stopAtStep) losses.push((await trainer.makeStep())['loss']!);
  };
  await work();
  for (const [i, game] of some.entries()) {
    if (trainer.step >= stopAtStep) break;
    trainer.add(game, i / some.length);
    await work();
  }
  return losses;
}

/** One of each in turn. */
function takeTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('a trainer', () => {
  it('learns from games, as many steps as the sample factor allows', async () => {
    const config = readAlphaZeroConfig({ ...tiny, windowMin: 1000 });
    const trainer = await create(config);
    const losses = await feed(trainer, games);
    const { positions, games: seen, window } = trainer.counts;
    expect(seen).toBe(60);
    expect(positions).toBe(
      games.reduce((sum, { record }) => sum + record.searches.filter(({ full }) => full).length, 0),
    );
    expect(window).toBe(positions);
    expect(losses).toHaveLength(Math.floor((positions * 4) / 16));
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) - 0.5);
    await trainer.release();
  });

  it('gives the same losses for the same games and seed, others for another seed', async () => {
    const run = async (seed: number): Promise<number[]> => {
      const trainer = await create(readAlphaZeroConfig({ ...tiny, seed }));
      const losses = await feed(trainer, games.slice(0, 20));
      await trainer.release();
      return losses;
    };
    const [first, second, other] = [await run(1), await run(1), await run(2)];
    expect(first.length).toBeGreaterThan(10);
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  // The window is far smaller than the games, so the resumed memory begins in the middle of them.
  it.each([
    ['adamw', 0],
    ['sgd', 0],
    ['adamw', 0.5],
  ])('continues bit for bit from a checkpoint (%s, share of draws by angle %s)', async (optimizer, angleWeight) => {
    const config = readAlphaZeroConfig({ ...tiny, optimizer, angleWeight, angleRenewSteps: 15 });
    const whole = await create(config);
    const early = await feed(whole, games, 41);
    const copy = await whole.copy();
    const { sequence, oldest } = copy.state;
    expect(oldest.sequence).toBeGreaterThan(1);
    const late = await feed(whole, games.slice(games.findIndex((game) => game.sequence > sequence)));
    expect(early).toHaveLength(41);

    const saved = alphaZeroCheckpoints.decode(
      alphaZeroCheckpoints.encode({
        architecture: copy.architecture,
        trainer: copy.state,
        tensors: copy.tensors,
        config,
        job: {
          nextGame: 0,
          elapsedMs: 0,
          league: { versions: [], promoted: 0, rated: 0, settled: [], results: [], pending: [], sequence: 0 },
        },
      }),
    );
    const resumed = await create(config, { ...copy, state: saved.trainer, tensors: saved.tensors });
    expect(resumed.isRefilling).toBe(true);
    for (const game of games) {
      if (game.sequence >= oldest.sequence && game.sequence <= sequence) resumed.add(game, 0);
    }
    expect(resumed.isRefilling).toBe(false);
    expect((await resumed.copy()).state).toEqual(copy.state);
    const again = await feed(resumed, games.slice(games.findIndex((game) => game.sequence > sequence)));
    expect(again).toEqual(late);
    expect((await resumed.copy()).tensors).toEqual((await whole.copy()).tensors);
    await Promise.all([whole.release(), resumed.release()]);
  });

  it('continues bit for bit while game trees are growing', async () => {
    const config = readAlphaZeroConfig({ ...tiny, variations: 5, valueLabel: 'mean', windowMin: 200 });
    // Three trees at a time, their games one after the other in turn, as workers send them.
    const trees = Array.from({ length: 9 }, (_, i) =>
      playTree({ size: 5, seed: i, treeId: `tree-${i}`, visits: 8, branching: { variations: 5, points: 'random' } }),
    );
    const records = [0, 3, 6].flatMap((from) => takeTurns(trees.slice(from, from + 3)));
    const stored = records.map((record, i) => ({ sequence: 2 * i + 1, record }));
    const whole = await create(config);
    await feed(whole, stored, 101);
    const copy = await whole.copy();
    const { sequence, oldest, firstTree } = copy.state;
    // The memory holds later games of trees whose first games have left it.
    expect(firstTree).toBeLessThan(oldest.sequence);
    const rest = stored.filter((game) => game.sequence > sequence);
    expect(rest.length).toBeGreaterThan(4);
    const late = await feed(whole, rest);

    const resumed = await create(config, copy);
    for (const game of stored) if (game.sequence >= firstTree! && game.sequence <= sequence) resumed.add(game, 0);
    expect((await resumed.copy()).state).toEqual(copy.state);
    expect(await feed(resumed, rest)).toEqual(late);
    await Promise.all([whole.release(), resumed.release()]);
  });

  it('refuses to go on when the store has lost games of its window', async () => {
    const config = readAlphaZeroConfig(tiny);
    const whole = await create(config);
    await feed(whole, games.slice(0, 20));
    const resumed = await create(config, await whole.copy());
    expect(() => resumed.add(games[30]!, 0)).toThrow(/store holds games up to position/);
    await Promise.all([whole.release(), resumed.release()]);
  });

  it('serves the average of the weights, not the latest', async () => {
    const config = readAlphaZeroConfig({ ...tiny, emaDecay: 0.9 });
    const trainer = await create(config);
    await feed(trainer, games.slice(0, 20));
    const { modelFile, tensors } = await trainer.copy();
    const { weights, metadata, architecture } = decodeModel(modelFile);
    expect(architecture).toEqual(architectureOf(config));
    expect(weights.get('stem/filter')!.data).toEqual(tensors.get('average:stem/filter')!.data);
    expect(weights.get('stem/filter')!.data).not.toEqual(tensors.get('stem/filter')!.data);
    expect(metadata).toMatchObject({ step: String(trainer.step), games: '20' });
    await trainer.release();
  });

  it('warms the learning rate up and lets it fall with the progress of the job', async () => {
    const config = readAlphaZeroConfig({ ...tiny, learningRate: 0.01, finalLearningRateShare: 0.1, warmupSteps: 4 });
    const trainer = await create(config);
    const rates: number[] = [];
    for (const [i, game] of games.slice(0, 30).entries()) {
      trainer.add(game, i < 15 ? 0 : 1);
      while (trainer.isDue) rates.push((await trainer.makeStep())['learningRate']!);
    }
    expect(rates.slice(0, 6)).toEqual(
      [0.002, 0.004, 0.006, 0.008, 0.01, 0.01].map((rate) => expect.closeTo(rate, 9) as number),
    );
    expect(rates.at(-1)).toBeCloseTo(0.001, 9);
    await trainer.release();
  });

  it('refuses a checkpoint that is none', () => {
    expect(() => alphaZeroCheckpoints.decode(new Uint8Array(100))).toThrow(/checkpoint cannot be read/);
  });
});
