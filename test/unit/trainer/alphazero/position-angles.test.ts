import { describe, expect, it } from 'vitest';
import { tengen1 } from '../../../../src/go/tengen-features.js';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { Rng } from '../../../../src/core/rng.js';
import { angleWeights } from '../../../../src/methods/curriculum/position-weight.js';
import { graph, input } from '../../../../src/nn/graph.js';
import type { Architecture } from '../../../../src/nn/networks/architecture.js';
import { initialWeights } from '../../../../src/nn/networks/go-network.js';
import { goTrunk, parameterShapes } from '../../../../src/nn/networks/go-resnet.js';
import { readAlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import { makeBatch, writeRow } from '../../../../src/trainer/go-data/batch.js';
import { drawRow, makeGameRows } from '../../../../src/trainer/go-data/game-rows.js';
import { PositionAngles } from '../../../../src/trainer/alphazero/position-angles.js';
import { architectureOf } from '../../../../src/trainer/alphazero/trainer.js';
import { randomGame } from '../../../support/random-games.js';

const architecture = architectureOf(readAlphaZeroConfig({ size: 5, blocks: 2, channels: 8 })) as Architecture;
const weights = initialWeights(architecture, new Rng(3));
const state = Object.fromEntries(weights);
const game = makeGameRows({ sequence: 1, record: randomGame({ size: 5, seed: 2, full: 1 }) }, 'skip');

/** Features of the trunk [N, C, points]: the game's positions and the empty board. */
async function features(): Promise<number[][][]> {
  const { size, planes, globals, channels } = architecture;
  const count = game.rows + 1;
  const parameters = new Map([...parameterShapes(architecture)].map(([name, shape]) => [name, input(name, shape)]));
  const x = goTrunk(
    architecture,
    (name) => parameters.get(name)!,
    input('planes', [count, planes, size, size]),
    input('globals', [count, globals]),
  );
  const batch = makeBatch(count, size, tengen1);
  for (let row = 0; row < game.rows; row++) writeRow(batch, row, game, row, { symmetry: 0, valueMix: 0 });
  // A game begins on the empty board.
  writeRow(batch, game.rows, game, 0, { symmetry: 0, valueMix: 0 });
  const whole = graph({ x });
  const program = await onnxRuntimeEngine().compile(whole);
  const out = await program.run({
    ...Object.fromEntries([...weights].filter(([name]) => whole.inputs.has(name))),
    planes: { shape: [count, planes, size, size], data: batch.planes },
    globals: { shape: [count, globals], data: batch.globals },
  });
  const data = out['x']!.data as Float32Array;
  const points = size * size;
  return Array.from({ length: count }, (_, n) =>
    Array.from({ length: channels }, (_, c) => [
      ...data.subarray((n * channels + c) * points, (n * channels + c + 1) * points),
    ]),
  );
}

describe('angle concentration of positions', () => {
  it('is the mean cosine between points, and between points and those of the empty board', async () => {
    const raw = await features();
    const { channels } = architecture;
    const means = Array.from({ length: channels }, (_, c) => {
      const values = raw.flatMap((position) => position[c]!);
      return values.reduce((a, b) => a + b) / values.length;
    });
    const units = raw.map((position) =>
      position[0]!.map((_, point) => {
        const centred = position.map((channel, c) => channel[point]! - means[c]!);
        const length = Math.hypot(...centred);
        return centred.map((value) => value / length);
      }),
    );
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const cosines = (a: number[][], b: number[][]): number =>
      a.flatMap((u) => b.map((v) => dot(u, v))).reduce((x, y) => x + y) / (a.length * b.length);
    const angles = await (await PositionAngles.open(onnxRuntimeEngine(), architecture)).of(game, state);
    expect(angles).toHaveLength(game.rows);
    angles.forEach((angle, row) => {
      expect(angle).toBeCloseTo(cosines(units[row]!, units[row]!) + cosines(units[row]!, units[game.rows]!), 4);
    });
    expect(new Set(angles).size).toBeGreaterThan(3);
  });

  it('makes likelier draws of higher concentrations, within bounds', () => {
    const weights = angleWeights(Float32Array.of(0.1, 0.2, 0.3, 5));
    expect([...weights].sort((a, b) => a - b)).toEqual([...weights]);
    expect(weights[0]).toBeGreaterThanOrEqual(0.25);
    expect(weights[3]).toBeLessThanOrEqual(4);
    expect([...angleWeights(Float32Array.of(2, 2, 2))]).toEqual([1, 1, 1]);
  });

  it('takes its share of the draws', () => {
    const scored = { ...game, angles: Float32Array.from({ length: game.rows }, (_, i) => (i === 1 ? 9 : 0)) };
    const rng = new Rng(5);
    let drawn = 0;
    for (let i = 0; i < 4000; i++) if (drawRow(scored, { surprise: 0, angle: 0.5 }, rng) === 1) drawn++;
    const weights = angleWeights(scored.angles);
    const share = 0.5 / game.rows + (0.5 * weights[1]!) / weights.reduce((a, b) => a + b);
    expect(Math.abs(drawn / 4000 - share)).toBeLessThan(0.03);
  });
});
