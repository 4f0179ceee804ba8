import { describe, expect, test } from 'vitest';

import { SHARDED, type MicroBatch } from '../../../src/methods/scheduling/plan.js';
import { MicroStep } from '../../../src/ranks/micro-step.js';
import { packRank } from '../../../src/ranks/packing.js';
import { fillRows, lengthsOf, normaliserOf } from '../../../src/ranks/rows.js';
import { Stopwatch } from '../../../src/ranks/stopwatch.js';
import { inProcessGroup, ToyKernels } from '../../support/toy-kernels.js';

const sequences = [9, 3, 14, 2, 6].map((length, s) => ({
  tokens: Int32Array.from({ length }, (_, i) => (3 * i + s) % 8),
  weights: Float32Array.from({ length }, (_, i) => (i > 0 && (i + s) % 3 > 0 ? 1 : 0)),
}));
const normaliser = normaliserOf(sequences);
const lengths = lengthsOf(sequences);

const batchOf = (placements: Readonly<Record<number, number>>): MicroBatch => ({
  sequences: Object.keys(placements).map(Number),
  placements: Object.values(placements),
  predictedMs: 0,
});

/** Loss and gradient of all ranks together. */
async function run(ranks: number, batches: readonly MicroBatch[]): Promise<{ loss: number; gradient: number[] }> {
  const group = inProcessGroup(ranks);
  const kernels = group.map(() => new ToyKernels());
  const losses = await Promise.all(
    group.map(async (member, rank) => {
      const step = new MicroStep(kernels[rank]!, member, new Stopwatch());
      let loss = 0;
      for (const batch of batches) {
        const packing = packRank(batch, lengths, ranks, rank);
        const inputs = { packing, rows: fillRows(packing, sequences), normaliser };
        const alone = await step.evaluate(inputs);
        const trained = await step.train(inputs);
        expect(alone).toBe(trained);
        loss += trained;
      }
      return loss;
    }),
  );
  const gradient = Array.from(kernels[0]!.gradient, (_, i) => kernels.reduce((sum, k) => sum + k.gradient[i]!, 0));
  return { loss: losses.reduce((a, b) => a + b, 0), gradient };
}

const reference = await run(1, [batchOf({ 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 })]);

function expectSame(seen: Awaited<ReturnType<typeof run>>): void {
  expect(seen.loss).toBeCloseTo(reference.loss, 5);
  const scale = Math.max(...reference.gradient.map(Math.abs));
  seen.gradient.forEach((value, i) => expect(Math.abs(value - reference.gradient[i]!)).toBeLessThan(1e-5 * scale));
}

describe('a micro-step gives the gradient of one rank', () => {
  test('whatever the number of micro-batches', async () => {
    expectSame(await run(1, [batchOf({ 2: 0 }), batchOf({ 0: 0, 1: 0 }), batchOf({ 3: 0, 4: 0 })]));
  });

  test('with everything sharded over two or three ranks', async () => {
    const all = batchOf({ 0: SHARDED, 1: SHARDED, 2: SHARDED, 3: SHARDED, 4: SHARDED });
    expectSame(await run(2, [all]));
    expectSame(await run(3, [all]));
  });

  test('with local and sharded sequences side by side', async () => {
    expectSame(await run(2, [batchOf({ 0: 0, 1: 1, 2: SHARDED }), batchOf({ 3: SHARDED, 4: 1 })]));
  });

  test('with a rank that has no tokens and still takes part in the exchanges', async () => {
    expectSame(await run(2, [batchOf({ 0: 0, 1: 0, 2: 0, 4: 0 }), batchOf({ 3: SHARDED })]));
    expectSame(await run(4, [batchOf({ 0: 0, 1: 1, 2: SHARDED, 4: 1 }), batchOf({ 3: SHARDED })]));
  });
});

test('the reference is the derivative of the loss', () => {
  // By hand: the embedding of token 0 enters the residual stream; its gradient must not vanish.
  expect(Math.max(...reference.gradient.map(Math.abs))).toBeGreaterThan(1e-3);
});
