import { policyModelHere } from '../../../../src/trainer/rft/policy-model-handle.js';
import { cpuEngine } from '../../../../src/engine/engine-settings.js';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import type { AngleScore } from '../../../../src/methods/curriculum/curriculum.js';
import type { Reward } from '../../../../src/rewards/reward.js';
import { byteTokenizer } from '../../../../src/text/bytes.js';
import { readRftLoopSettings } from '../../../../src/trainer/rft/config.js';
import { type LoopCurriculum, RftLoop, type RftLoopOptions, type RftStep } from '../../../../src/trainer/rft/loop.js';
import { textsHere } from '../../../../src/trainer/rft/texts.js';
import { tinyLanguageModel } from '../../../support/tiny-language-model.js';

const pool = Array.from({ length: 12 }, (_, i) => ({
  id: `task ${i}`,
  prompt: `say:${'ab'.repeat(1 + (i % 3))}${i}`,
  answer: 'low',
  family: i % 2 ? 'odd' : 'even',
  level: 1 + (i % 3),
}));

/** Earns more the more of a completion's bytes are below 128. */
const lowBytes: Reward = {
  score: (batch) =>
    Promise.resolve(
      batch.map(({ completion }) => {
        const high = completion.replace(/[\0-\x7f]/g, '').length;
        const low = 1 - high / Math.max(1, completion.length);
        return { reward: low, correct: low > 0.7 ? 1 : 0 };
      }),
    ),
};

/** Uniform draws with chance of their own. */
function uniform(size: number, state?: unknown): LoopCurriculum {
  const rng = state === undefined ? new Rng(5) : Rng.fromState(state as ReturnType<Rng['state']>);
  return {
    draw: (count) => Array.from({ length: count }, () => rng.int(size)),
    update: () => undefined,
    state: () => rng.state(),
  };
}

const settings = readRftLoopSettings({
  promptsPerStep: 4,
  completions: 6,
  maxTokens: 8,
  endRequired: false,
  learningRate: 0.003,
  steps: 40,
  klCoefficient: 0.0001,
  sampledEvaluations: 2,
});
const options: RftLoopOptions = {
  model: tinyLanguageModel(),
  texts: textsHere(byteTokenizer),
  pool,
  reward: lowBytes,
  settings,
  curriculum: { make: ({ length }, { state }) => uniform(length, state) },
  openPolicy: policyModelHere(cpuEngine),
};

/** Times apart, which differ from run to run. */
function timeless({ figures, ...rest }: RftStep): object {
  const kept = Object.entries(figures).filter(([name]) => !name.endsWith('Ms') && name !== 'tokensPerSecond');
  return { ...rest, figures: Object.fromEntries(kept) };
}

describe('RftLoop', () => {
  it('raises what it is rewarded for, on the policy it has drawn from', async () => {
    const loop = await RftLoop.open({ ...options, settings: { ...settings, promptsPerStep: 12 } });
    const before = await loop.evaluate(pool);
    const first = await loop.next();
    expect(first.figures).toMatchObject({ rollouts: 72, promptsDrawn: 12, failures: 0, updates: 1, clipShare: 0 });
    // One update for a draw: the policy that learns is the one that drew, and it has not left its reference.
    expect(Math.abs(first.figures['oldKl']!)).toBeLessThan(1e-5);
    expect(Math.abs(first.figures['kl']!)).toBeLessThan(1e-5);
    while (loop.step < settings.steps) await loop.next();
    const after = await loop.evaluate(pool);
    expect(after.sampled!.overall).toBeGreaterThan(before.sampled!.overall + 0.3);
    expect(Object.keys(after.greedy.byFamily)).toEqual(['even', 'odd']);
    await loop.close();
  });

  it('goes on bit for bit from a kept state', async () => {
    const whole = await RftLoop.open(options);
    for (let i = 0; i < 3; i++) await whole.next();
    const kept = { tensors: await whole.tensors(), state: JSON.parse(JSON.stringify(whole.state())) as never };
    const resumed = await RftLoop.open({ ...options, kept });
    for (let i = 0; i < 5; i++) expect(timeless(await resumed.next())).toEqual(timeless(await whole.next()));
    expect([...(await resumed.tensors())]).toEqual([...(await whole.tensors())]);
    await whole.close();
    await resumed.close();
  });

  it('evaluates without changing anything', async () => {
    const one = await RftLoop.open(options);
    const two = await RftLoop.open(options);
    const first = await one.evaluate(pool);
    const again = await one.evaluate(pool);
    expect({ ...again, milliseconds: 0 }).toEqual({ ...first, milliseconds: 0 });
    expect(timeless(await one.next())).toEqual(timeless(await two.next()));
    await one.close();
    await two.close();
  });

  it('draws again for groups that all earned the same, and learns from the others alone', async () => {
    const firstOfPool: Reward = {
      score: (batch) =>
        Promise.resolve(
          batch.map(({ prompt }, i) => ({ reward: prompt.endsWith('0') ? i % 2 : 1, correct: 1 as const })),
        ),
    };
    const loop = await RftLoop.open({ ...options, reward: firstOfPool, settings: { ...settings, redraws: 3 } });
    const { figures } = await loop.next();
    const drawn = figures['promptsDrawn']!;
    expect(drawn).toBeGreaterThan(4);
    expect(figures['groupsKept']).toBe(Math.min(4, drawn * (1 - figures['zeroVarianceShare']!)));
    await loop.close();
  });

  it('makes no update of groups without a signal where nothing else has a gradient', async () => {
    const same: Reward = { score: (batch) => Promise.resolve(batch.map(() => ({ reward: 1, correct: 1 as const }))) };
    const loop = await RftLoop.open({ ...options, reward: same, settings: { ...settings, klCoefficient: 0 } });
    const before = await loop.tensors();
    expect((await loop.next()).figures).toMatchObject({ updates: 0, zeroVarianceShare: 1, tokensTrain: 0 });
    expect([...(await loop.tensors())]).toEqual([...before]);
    await loop.close();
  });

  it('scores the pool for a curriculum that needs it, anew when it asks, and goes on from its state', async () => {
    const given: AngleScore[][] = [];
    const source = {
      needsScores: true,
      make: (_: unknown, { scores, state }: { readonly scores?: readonly AngleScore[]; readonly state?: unknown }) => {
        given.push([...scores!]);
        let asked = (state as { asked: number } | undefined)?.asked ?? 0;
        return {
          draw: () => [asked, asked + 1],
          update: () => {
            asked++;
          },
          get wantsScores() {
            return asked === 2;
          },
          reorder: (found: readonly AngleScore[]) => void given.push([...found]),
          state: () => ({ asked }),
        };
      },
    };
    const loop = await RftLoop.open({ ...options, curriculum: source });
    const [atStart] = given;
    expect(atStart).toHaveLength(12);
    expect((await loop.next()).figures).toMatchObject({ poolScorings: 0, 'curriculum.asked': 1 });
    const second = await loop.next();
    expect(second.drawn).toEqual([1, 2]);
    expect(second.figures).toMatchObject({ poolScorings: 1, totalPoolScorings: 1 });
    expect(given[1]).toHaveLength(12);
    expect(given[1]).not.toEqual(atStart);
    const kept = { tensors: await loop.tensors(), state: loop.state() };
    const resumed = await RftLoop.open({ ...options, curriculum: source, kept });
    // Scores of the start, not of the model as it is now.
    expect(given[2]).toEqual(atStart);
    expect((await resumed.next()).drawn).toEqual([2, 3]);
    await loop.close();
    await resumed.close();
  });
});
