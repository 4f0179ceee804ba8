import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { AppError } from '../../../src/core/errors.js';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { ServingSession } from '../../../src/evaluator/serving-session.js';
import { tengen1 } from '../../../src/go/tengen-features.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { MemoryModels, randomPositions, tinyModel } from '../../support/served-models.js';

const size = 5;
const first = tinyModel(size, 1);
const second = tinyModel(size, 2);
const running: Evaluator[] = [];

function start(models: MemoryModels, settings: Record<string, unknown> = {}): Evaluator {
  const evaluator = new Evaluator(models, readConfig(evaluatorSchema, { threads: 2, cacheMegabytes: 0, ...settings }));
  running.push(evaluator);
  return evaluator;
}

function twoVersions(): MemoryModels {
  return new MemoryModels().add('go@1', first).add('go@2', second).promote('', 'go@1').promote('go', 'go@1');
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((evaluator) => evaluator.close()));
});

/** What the network says, straight from a session: scores [positions]. */
async function plainScores(file: Uint8Array, positions: readonly Snapshot[]): Promise<number[]> {
  const session = await ServingSession.load(file, onnxRuntimeEngine());
  const count = positions.length;
  const planes = new Float32Array(count * tengen1.planes * size * size);
  const globals = new Float32Array(count * tengen1.globals);
  positions.forEach((position, i) =>
    tengen1.write(position, 0, planes, i * tengen1.planes * size * size, globals, i * tengen1.globals),
  );
  const { score } = await session.infer({ planes, globals, count, size });
  await session.release();
  return [...score!.data];
}

function expectScores(evaluations: readonly { score: number }[], expected: readonly number[]): void {
  expect(evaluations.map(({ score }) => score)).toEqual(expected.map((score): unknown => expect.closeTo(score, 4)));
}

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}

describe('the evaluator', () => {
  it('answers with what the network says, in the order of the positions, over several batches', async () => {
    const evaluator = start(twoVersions(), { maxBatch: 16 });
    const positions = randomPositions(size, 100);
    const expected = await plainScores(first, positions);
    const { modelVersion, evaluations } = await evaluator.evaluate({ model: '', positions, priority: 'bulk' });
    expect(modelVersion).toBe('go@1');
    expectScores(evaluations, expected);
    for (const { logits, win, draw, loss, value, ownership } of evaluations) {
      expect(logits).toHaveLength(size * size + 1);
      expect(win + draw + loss).toBeCloseTo(1, 5);
      expect(value).toBeCloseTo(win - loss, 6);
      expect(ownership).toBeUndefined();
    }
    expect(evaluator.metrics()).toMatchObject({ evaluations: 100, requests: 1, pending: 0, cacheMisses: 0 });
  });

  it('gives ownership to those who ask, also in a batch shared with those who do not', async () => {
    const evaluator = start(twoVersions(), { threads: 1 });
    const positions = randomPositions(size, 8);
    const answers = await Promise.all(
      [false, true, false, true].map((ownership) => evaluator.evaluate({ model: 'go', positions, ownership })),
    );
    expect(answers.map(({ evaluations }) => evaluations[7]?.ownership?.length)).toEqual([undefined, 25, undefined, 25]);
    expect(answers[1]!.evaluations[7]!.ownership).toEqual(answers[3]!.evaluations[7]!.ownership);
  });

  it('refuses an unknown model and a wrong board size with a sentence, and goes on', async () => {
    const evaluator = start(twoVersions());
    const positions = randomPositions(size, 3);
    const unknown = await refusal(evaluator.evaluate({ model: 'chess', positions }));
    expect(unknown).toMatchObject({ kind: 'not-found', message: "There is no model 'chess'" });
    const wrong = await refusal(evaluator.evaluate({ model: '', positions: [...positions, ...randomPositions(7, 1)] }));
    expect(wrong).toMatchObject({ kind: 'invalid-argument', message: 'Model go@1 plays 5×5; the position is 7×7' });
    expect((await evaluator.evaluate({ model: '', positions })).evaluations).toHaveLength(3);
  });

  it('answers known positions from the cache, for the same version only', async () => {
    const evaluator = start(twoVersions(), { cacheMegabytes: 1 });
    const positions = randomPositions(size, 40);
    const fresh = await evaluator.evaluate({ model: 'go@1', positions: positions.slice(0, 30) });
    const mixed = await evaluator.evaluate({ model: 'go@1', positions });
    expect(mixed.evaluations.slice(0, 30)).toEqual(fresh.evaluations);
    expectScores(mixed.evaluations, await plainScores(first, positions));
    expect(evaluator.metrics()).toMatchObject({ evaluations: 40, cacheHits: 30, cacheMisses: 40 });
    const other = await evaluator.evaluate({ model: 'go@2', positions });
    expectScores(other.evaluations, await plainScores(second, positions));
    expect(evaluator.metrics().evaluations).toBe(80);
  });

  it('refuses what does not fit in its queue, and takes it when there is room again', async () => {
    const evaluator = start(twoVersions(), { maxPending: 50 });
    const positions = randomPositions(size, 30);
    await evaluator.describe('');
    const accepted = evaluator.evaluate({ model: '', positions });
    const refused = await refusal(evaluator.evaluate({ model: '', positions }));
    expect(refused.kind).toBe('resource-exhausted');
    expect(refused.message).toMatch(/30 positions wait, 30 more do not fit in 50/);
    await accepted;
    expect((await evaluator.evaluate({ model: '', positions })).evaluations).toHaveLength(30);
    expect(evaluator.metrics().refused).toBe(1);
  });

  it('takes a request that is larger than its queue while nothing else waits', async () => {
    const evaluator = start(twoVersions(), { maxPending: 16 });
    const answer = await evaluator.evaluate({ model: '', positions: randomPositions(size, 30) });
    expect(answer.evaluations).toHaveLength(30);
    expect(evaluator.metrics().refused).toBe(0);
  });

  it('drops what is cancelled and computes none of it that was still queued', async () => {
    const evaluator = start(twoVersions(), { maxBatch: 4, threads: 1 });
    await evaluator.describe('');
    const abort = new AbortController();
    const positions = randomPositions(size, 400);
    const cancelled = evaluator.evaluate({ model: '', positions, signal: abort.signal });
    const kept = evaluator.evaluate({ model: '', positions: positions.slice(0, 8) });
    // The submission happens after the model was found, a turn of the event loop later.
    await Promise.resolve();
    abort.abort();
    expect((await refusal(cancelled)).kind).toBe('cancelled');
    expect((await kept).evaluations).toHaveLength(8);
    expect(evaluator.metrics()).toMatchObject({ cancelled: 1, pending: 0 });
    expect(evaluator.metrics().evaluations).toBeLessThan(100);
  });

  it('fails what waits when it is closed', async () => {
    const evaluator = start(twoVersions(), { maxBatch: 1 });
    await evaluator.describe('');
    const waiting = refusal(evaluator.evaluate({ model: '', positions: randomPositions(size, 200) }));
    await Promise.resolve();
    await evaluator.close();
    expect((await waiting).kind).toBe('unavailable');
    expect((await refusal(evaluator.evaluate({ model: '', positions: randomPositions(size, 1) }))).kind).toBe(
      'unavailable',
    );
  });
});

describe('model versions', () => {
  it('change under load without a request failing or mixing versions', async () => {
    const models = twoVersions();
    const evaluator = start(models, { maxBatch: 8 });
    const positions = randomPositions(size, 64);
    const scores = { 'go@1': await plainScores(first, positions), 'go@2': await plainScores(second, positions) };
    const versions: string[] = [];
    const client = async (from: number): Promise<void> => {
      // Until the new version has answered this client ten times.
      for (let seen = 0; seen < 10;) {
        const part = positions.slice(from, from + 16);
        const { modelVersion, evaluations } = await evaluator.evaluate({ model: 'go', positions: part });
        versions.push(modelVersion);
        expectScores(evaluations, scores[modelVersion as keyof typeof scores].slice(from, from + 16));
        if (modelVersion === 'go@2') seen++;
        if (versions.length === 20) {
          models.promote('go', 'go@2');
          void evaluator.refresh();
        }
      }
    };
    await Promise.all([0, 8, 16, 24, 32, 40, 48].map(client));
    expect(versions.slice(0, 20)).toEqual(new Array(20).fill('go@1'));
    expect(evaluator.metrics()).toMatchObject({ failed: 0, requests: versions.length });
  });

  it('stay as they are when the promoted one cannot be loaded; only those who name it are refused', async () => {
    const models = twoVersions().add('go@3', new Uint8Array(100));
    const evaluator = start(models);
    const positions = randomPositions(size, 2);
    await evaluator.evaluate({ model: 'go', positions });
    models.promote('go', 'go@3');
    await evaluator.refresh();
    expect((await evaluator.evaluate({ model: 'go', positions })).modelVersion).toBe('go@1');
    const refused = await refusal(evaluator.evaluate({ model: 'go@3', positions }));
    expect(refused.kind).toBe('invalid-argument');
    expect(refused.message).toMatch(/^Model go@3 cannot be loaded: /);
  });

  it('made for other features are refused', async () => {
    const text = Buffer.from(first).toString('latin1').replace(tengen1.name, 'tengen-9');
    const evaluator = start(new MemoryModels().add('old@1', Buffer.from(text, 'latin1')));
    const refused = await refusal(evaluator.evaluate({ model: 'old@1', positions: randomPositions(size, 1) }));
    expect(refused.message).toMatch(/The features are .tengen-9.; this server makes .tengen-1., .katago-7./);
  });

  it('that nobody used for longest give way, and come back when asked for', async () => {
    const models = new MemoryModels();
    const refs = [1, 2, 3, 4].map((seed) => `go@${String(seed)}`);
    refs.forEach((ref, i) => models.add(ref, tinyModel(size, i + 1)));
    const evaluator = start(models, { loadedVersions: 2 });
    const positions = randomPositions(size, 4);
    for (const ref of [...refs, 'go@4', 'go@1']) {
      expect((await evaluator.evaluate({ model: ref, positions })).modelVersion).toBe(ref);
    }
    expect(evaluator.metrics().loadedVersions).toBe(2);
    expect(Object.fromEntries(models.reads)).toEqual({ 'go@1': 2, 'go@2': 1, 'go@3': 1, 'go@4': 1 });
  });

  it('promoted quickly one after the other end with the last one', async () => {
    const models = twoVersions().add('go@3', tinyModel(size, 3));
    const evaluator = start(models);
    await evaluator.describe('go');
    models.promote('go', 'go@2');
    const refreshes = [evaluator.refresh()];
    models.promote('go', 'go@3');
    refreshes.push(evaluator.refresh());
    await Promise.all(refreshes);
    expect(await evaluator.describe('go')).toMatchObject({ ref: 'go@3' });
  });

  it('in use at the same time answer all the same when only one may stay loaded', async () => {
    const evaluator = start(twoVersions(), { loadedVersions: 1 });
    const positions = randomPositions(size, 4);
    const refs = Array.from({ length: 20 }, (_, i) => `go@${String(1 + (i % 2))}`);
    const answers = await Promise.all(refs.map((model) => evaluator.evaluate({ model, positions })));
    expect(answers.map(({ modelVersion }) => modelVersion)).toEqual(refs);
  });

  it('are read once however many ask at the same time', async () => {
    const models = twoVersions();
    const evaluator = start(models);
    const positions = randomPositions(size, 4);
    await Promise.all(['', 'go', 'go@1', '', 'go'].map((model) => evaluator.evaluate({ model, positions })));
    expect(models.reads.get('go@1')).toBe(1);
  });
});

describe('a session thread that dies', () => {
  it('is replaced, and its requests are answered all the same', async () => {
    const evaluator = start(twoVersions(), { threads: 1, maxBatch: 8 });
    const positions = randomPositions(size, 64);
    const expected = await plainScores(first, positions);
    await evaluator.describe('');
    await evaluator.crashThread(0);
    const waiting = Array.from({ length: 10 }, () => evaluator.evaluate({ model: '', positions }));
    for (const { evaluations } of await Promise.all(waiting)) expectScores(evaluations, expected);
    await evaluator.crashThread(0);
    // The thread dies over the old version's batch, so its successor must load both.
    const [old, other] = await Promise.all([
      evaluator.evaluate({ model: '', positions }),
      evaluator.evaluate({ model: 'go@2', positions }),
    ]);
    expectScores(old.evaluations, expected);
    expectScores(other.evaluations, await plainScores(second, positions));
    expect(evaluator.metrics()).toMatchObject({ failed: 0, threadRestarts: 2 });
  });

  it('leaves the work to the others meanwhile', async () => {
    const evaluator = start(twoVersions(), { threads: 2, maxBatch: 8 });
    const positions = randomPositions(size, 64);
    await evaluator.describe('');
    await evaluator.crashThread(1);
    const waiting = Array.from({ length: 40 }, () => evaluator.evaluate({ model: '', positions }));
    await Promise.all(waiting);
    expect(evaluator.metrics()).toMatchObject({ failed: 0, evaluations: 40 * 64 });
  });

  it('fails what it was doing when the second attempt dies too, and that alone', async () => {
    const evaluator = start(twoVersions(), { threads: 1, maxBatch: 8 });
    await evaluator.describe('');
    await evaluator.crashThread(0);
    const positions = randomPositions(size, 8);
    const unlucky = refusal(evaluator.evaluate({ model: '', positions }));
    while (evaluator.metrics().threadRestarts === 0) await new Promise((resolve) => setImmediate(resolve));
    // The successor is still starting: this is the first thing that it reads.
    await evaluator.crashThread(0);
    expect(await unlucky).toMatchObject({ kind: 'internal' });
    expect((await evaluator.evaluate({ model: '', positions })).evaluations).toHaveLength(8);
  });

  it('does not take plain-tensor requests with it', async () => {
    const evaluator = start(twoVersions(), { threads: 1 });
    await evaluator.describe('');
    const inputs = {
      planes: new Float32Array(3 * tengen1.planes * size * size),
      globals: new Float32Array(3 * tengen1.globals),
      count: 3,
      size,
    };
    await evaluator.crashThread(0);
    const { outputs } = await evaluator.infer('', inputs);
    expect(outputs['policy']!.shape).toEqual([3, size * size + 1]);
    expect(evaluator.metrics().threadRestarts).toBe(1);
  });
});
