import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { packPositions } from '../../../src/go/packed-position.js';
import { ServingSession } from '../../../src/evaluator/serving-session.js';
import { allocateOutputs, type SlotOutputs } from '../../../src/evaluator/slots.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { SYMMETRIES, symmetryMap } from '../../../src/go/symmetry.js';
import { encodeModel } from '../../../src/nn/model-file.js';
import { readKatago } from '../../../src/nn/networks/katago/read-file.js';
import { sketchKatago } from '../../support/katago-network.js';
import { MemoryModels, randomPositions, tinyModel } from '../../support/served-models.js';

const size = 5;
const actions = size * size + 1;
const file = tinyModel(size, 1);
const all = Array.from({ length: SYMMETRIES }, (_, symmetry) => symmetry);

/** The position as it looks after a symmetry, built from its definition alone. */
function turned(position: Snapshot, symmetry: number): Snapshot {
  const map = symmetryMap(size, symmetry);
  const moved = (points: readonly number[]): number[] => points.map((point) => map[point]!);
  const stones = new Uint8Array(size * size);
  position.stones.forEach((stone, point) => (stones[map[point]!] = stone));
  const { lastMoves, banned, captured = [], capturedBefore = [] } = position;
  return {
    ...position,
    stones,
    lastMoves: moved(lastMoves),
    banned: moved(banned),
    captured: moved(captured),
    capturedBefore: moved(capturedBefore),
  };
}

function probabilities(logits: Float32Array): number[] {
  const weights = [...logits].map(Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** As close as policies and ownership kept as halves allow. */
function expectClose(seen: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect([...Array.from(seen)]).toEqual(Array.from(wanted, (value): unknown => expect.closeTo(value, 3)));
}

describe('a session whose engine computes a batch in parts', () => {
  it.each([1, 8, 12, 33])('answers as it would at once, %i positions', async (count) => {
    const [whole, cut] = [onnxRuntimeEngine(), { ...onnxRuntimeEngine(), partFloats: 1 }].map((engine) =>
      ServingSession.load(file, engine),
    ) as [Promise<ServingSession>, Promise<ServingSession>];
    const positions = { ...packPositions(randomPositions(size, count), size), ownership: true };
    const symmetries = Uint8Array.from({ length: count }, (_, i) => i % SYMMETRIES);
    for (const turns of [undefined, symmetries]) {
      const [expected, seen] = [allocateOutputs(count, size), allocateOutputs(count, size)];
      await (await whole).evaluate(positions, expected, turns);
      await (await cut).evaluate(positions, seen, turns);
      for (const name of ['policy', 'value', 'ownership'] as const) expectClose(seen[name], expected[name]);
      const said = (of: SlotOutputs): number[] => [...of.scores].map((score) => (Number.isNaN(score) ? -1e9 : score));
      expectClose(said(seen), said(expected));
    }
    for (const session of [whole, cut]) await (await session).release();
  });
});

describe('a session that turns positions', () => {
  let session: ServingSession;
  beforeAll(async () => {
    session = await ServingSession.load(file, onnxRuntimeEngine());
  });
  afterAll(() => session.release());

  it('answers as it would to the turned positions, turned back', async () => {
    const position = randomPositions(size, 30).find(({ lastMoves }) => new Set(lastMoves).size === 5)!;
    const symmetries = Uint8Array.from(all);
    const same = { ...packPositions(Array<Snapshot>(SYMMETRIES).fill(position), size), ownership: true };
    const seen = allocateOutputs(SYMMETRIES, size);
    await session.evaluate(same, seen, symmetries);
    const apart = allocateOutputs(SYMMETRIES, size);
    const boards = packPositions(
      all.map((symmetry) => turned(position, symmetry)),
      size,
    );
    await session.evaluate({ ...boards, ownership: true }, apart);
    expect(seen.value).toEqual(apart.value);
    expect(seen.scores).toEqual(apart.scores);
    for (const symmetry of all) {
      const map = symmetryMap(size, symmetry);
      for (let action = 0; action < actions; action++) {
        expect(seen.policy[symmetry * actions + action]).toBe(apart.policy[symmetry * actions + map[action]!]);
      }
      for (let point = 0; point < size * size; point++) {
        const there = symmetry * size * size + map[point]!;
        expect(seen.ownership[symmetry * size * size + point]).toBe(apart.ownership[there]);
      }
    }
    // The network does not know the symmetries by itself, or nothing above would be tested.
    expect(apart.value[0]).not.toBeCloseTo(apart.value[3 * 5]!, 6);
  });
});

describe('the setting symmetry', () => {
  const running: Evaluator[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((evaluator) => evaluator.close()));
  });

  function start(settings: Record<string, unknown>, network = file): Evaluator {
    const models = new MemoryModels().add('go@1', network).promote('', 'go@1');
    const config = readConfig(evaluatorSchema, { threads: 1, cacheMegabytes: 0, ...settings });
    const evaluator = new Evaluator(models, config);
    running.push(evaluator);
    return evaluator;
  }

  async function evaluate(
    positions: readonly Snapshot[],
    settings: Record<string, unknown>,
    network = file,
  ): Promise<readonly GoEvaluation[]> {
    return (await start(settings, network).evaluate({ model: '', positions, ownership: true })).evaluations;
  }

  it('random: each position is seen in one symmetry, which depends on it and the seed alone', async () => {
    const positions = randomPositions(size, 60);
    const drawn = await evaluate(positions, { symmetry: 'random' });
    const counts = new Array<number>(SYMMETRIES).fill(0);
    const plain = await evaluate(
      positions.flatMap((position) => all.map((symmetry) => turned(position, symmetry))),
      {},
    );
    drawn.forEach((evaluation, i) => {
      const symmetry = all.find((s) => Math.abs(plain[i * SYMMETRIES + s]!.score - evaluation.score) < 1e-5)!;
      counts[symmetry]!++;
      const apart = plain[i * SYMMETRIES + symmetry]!;
      const map = symmetryMap(size, symmetry);
      expectClose(
        evaluation.logits,
        Float32Array.from(evaluation.logits, (_, action) => apart.logits[map[action]!]!),
      );
      expectClose(
        evaluation.ownership!,
        Float32Array.from(evaluation.ownership!, (_, point) => apart.ownership![map[point]!]!),
      );
    });
    expect(Math.min(...counts)).toBeGreaterThan(0);
    // Other batches, another order, other threads, and then the cache: the same answers.
    const evaluator = start({ symmetry: 'random', threads: 2, maxBatch: 7, cacheMegabytes: 1 });
    for (const cacheHits of [0, 60]) {
      const again = await evaluator.evaluate({ model: '', positions: positions.toReversed(), ownership: true });
      again.evaluations.forEach(({ logits }, i) => expectClose(logits, drawn[59 - i]!.logits));
      expect(evaluator.metrics().cacheHits).toBe(cacheHits);
    }
    const others = await evaluate(positions, { symmetry: 'random', symmetrySeed: 2 });
    expect(others.filter(({ score }, i) => Math.abs(score - drawn[i]!.score) > 1e-5).length).toBeGreaterThan(30);
  });

  it.each([1, 3, 11, 64])('all: the mean over the eight, for %d positions at once', async (count) => {
    const positions = randomPositions(size, count);
    const means = await evaluate(positions, { symmetry: 'all' });
    const plain = await evaluate(
      positions.flatMap((position) => all.map((symmetry) => turned(position, symmetry))),
      {},
    );
    const mean = (values: (symmetry: number) => number): number =>
      all.reduce((sum, symmetry) => sum + values(symmetry), 0) / SYMMETRIES;
    means.forEach((evaluation, i) => {
      const views = plain.slice(i * SYMMETRIES, (i + 1) * SYMMETRIES);
      const policies = views.map(({ logits }) => probabilities(logits));
      const at = (symmetry: number, action: number): number => symmetryMap(size, symmetry)[action]!;
      expectClose(
        probabilities(evaluation.logits),
        policies[0]!.map((_, action) => mean((s) => policies[s]![at(s, action)]!)),
      );
      expectClose(
        evaluation.ownership!,
        Array.from(evaluation.ownership!, (_, point) => mean((s) => views[s]!.ownership![at(s, point)]!)),
      );
      for (const key of ['win', 'draw', 'loss', 'value', 'score'] as const) {
        expect(evaluation[key]).toBeCloseTo(
          mean((s) => views[s]![key]),
          4,
        );
      }
      expect(evaluation.scoreStdev).toBeUndefined(); // this network does not tell it
    });
  });

  it('all: boards of several sizes one after another', async () => {
    const { architecture, weights } = readKatago(sketchKatago({ version: 15, blocks: ['ordinary'] }).bytes);
    const evaluator = start({ symmetry: 'all', threads: 1 }, encodeModel({ architecture, weights, metadata: {} }));
    for (const [side, count] of [
      [19, 1],
      [9, 4],
    ] as const) {
      const { evaluations } = await evaluator.evaluate({ model: '', positions: randomPositions(side, count) });
      expect(evaluations.map(({ logits }) => logits.length)).toEqual(Array(count).fill(side * side + 1));
    }
  });

  it('all: the spread of the score has in it what the eight disagree by', async () => {
    const { architecture, weights } = readKatago(sketchKatago({ version: 15, blocks: ['ordinary', 'pool'] }).bytes);
    const network = encodeModel({ architecture, weights, metadata: {} });
    const positions = randomPositions(size, 5);
    const means = await evaluate(positions, { symmetry: 'all' }, network);
    const eight = positions.flatMap((position) => all.map((symmetry) => turned(position, symmetry)));
    const plain = await evaluate(eight, {}, network);
    means.forEach((evaluation, i) => {
      const views = plain.slice(i * SYMMETRIES, (i + 1) * SYMMETRIES);
      const mean = (value: (view: GoEvaluation) => number): number =>
        views.reduce((sum, view) => sum + value(view), 0) / SYMMETRIES;
      const variance = mean((view) => view.scoreStdev! ** 2 + view.score ** 2) - mean((view) => view.score) ** 2;
      expect(evaluation.scoreStdev).toBeCloseTo(Math.sqrt(variance), 3);
      expect(evaluation.scoreStdev).toBeGreaterThan(Math.min(...views.map((view) => view.scoreStdev!)));
      for (const key of ['lead', 'varTimeLeft', 'shorttermWinlossError', 'shorttermScoreError'] as const) {
        expect(evaluation[key]).toBeCloseTo(
          mean((view) => view[key]!),
          3,
        );
      }
    });
  });
});
