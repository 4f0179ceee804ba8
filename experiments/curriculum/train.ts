/** One run: an arm with a seed, from the common start to the end of the budget. Appends its line to the results. */

import { cpuEngine } from '../../src/engine/engine-settings.js';
import { policyModelHere } from '../../src/trainer/rft/policy-model-handle.js';
import { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import { readConfig } from '../../src/core/config.js';
import type { AngleScore } from '../../src/methods/curriculum/curriculum.js';
import { decodeTransformer, type Model } from '../../src/nn/model-file.js';
import type { TransformerConfiguration } from '../../src/nn/networks/transformer/configuration.js';
import { makeReward, rewardSchema } from '../../src/rewards/make-reward.js';
import { byteTokenizer } from '../../src/text/bytes.js';
import { readRftLoopSettings, type RftLoopSettings } from '../../src/trainer/rft/config.js';
import { RftLoop, type RftLoopOptions } from '../../src/trainer/rft/loop.js';
import type { RftTask } from '../../src/trainer/rft/prompts.js';
import { textsHere } from '../../src/trainer/rft/texts.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { armOf, curriculumOf, type Arm } from './arms.js';
import { appendRun, poolOf, PREFIX, regimeOf, startOf, testOf, type Point, type Regime } from './experiment.js';
import { passRates } from './pass-rates.js';

const { values } = parseArgs({
  options: {
    regime: { type: 'string', default: 'ladder' },
    arm: { type: 'string', default: 'uniform' },
    seed: { type: 'string', default: '1' },
  },
});
checkFacts();
const regime = regimeOf(values.regime);
const arm = armOf(values.arm);
const seed = Number(values.seed);
check(Number.isInteger(seed), `--seed is '${values.seed}'; it must be a whole number`);
const model = decodeTransformer(await startOf(values.regime));
await runArm();

async function runArm(): Promise<void> {
  const prepared = await prepare(poolOf(regime, seed));
  const { pool, scores, scoringSeconds, difficulties, cost } = prepared;
  const source = curriculumOf(arm, { seed, ...(difficulties && { difficulties }) });
  const loop = await RftLoop.open({ ...optionsOf(pool), curriculum: source, ...(scores && { scores }) });
  const test = testOf(regime);
  const seen = new Set<number>();
  const points: Point[] = [];
  const levels: number[] = [];
  let [rollouts, tokens, seconds] = [cost.rollouts, cost.tokens, scoringSeconds + cost.seconds];
  let nextEvaluation = rollouts;
  let [zeroVariance, levelSum, drawnCount, stepCount] = [0, 0, 0, 0];
  let byLevel: Readonly<Record<string, number>> = {};
  for (;;) {
    if (rollouts >= nextEvaluation) {
      nextEvaluation = rollouts - (rollouts % regime.evaluationRollouts) + regime.evaluationRollouts;
      const { sampled, greedy } = await loop.evaluate(test);
      byLevel = sampled!.byLevel;
      points.push({
        step: loop.step,
        rollouts,
        tokens,
        seconds: round(seconds),
        sampled: round(sampled!.overall),
        greedy: round(greedy.overall),
        hardest: round(Object.values(byLevel).at(-1)!),
        zeroVarianceShare: round(zeroVariance / Math.max(1, stepCount)),
        coverage: seen.size,
      });
      if (drawnCount > 0) levels.push(round(levelSum / drawnCount));
      [zeroVariance, levelSum, drawnCount, stepCount] = [0, 0, 0, 0];
    }
    if (rollouts >= regime.rollouts) break;
    const { figures, drawn } = await loop.next();
    rollouts += figures['rollouts']!;
    tokens += figures['tokensPrefill']! + figures['tokensDecode']! + 3 * figures['tokensTrain']!;
    seconds += figures['stepMs']! / 1000;
    zeroVariance += figures['zeroVarianceShare']!;
    stepCount++;
    for (const index of drawn) {
      seen.add(index);
      levelSum += pool[index]!.level;
      drawnCount++;
    }
  }
  await loop.close();
  const rounded = Object.fromEntries(Object.entries(byLevel).map(([level, rate]) => [level, round(rate)]));
  const line = { arm: values.arm, seed, points, scoringSeconds: round(scoringSeconds), byLevel: rounded, levels };
  appendRun(values.regime, line);
}

/** What an arm needs to know of its pool before it begins, and what that cost. */
interface Prepared {
  readonly pool: readonly RftTask[];
  readonly scores?: readonly AngleScore[];
  readonly difficulties?: readonly number[];
  readonly scoringSeconds: number;
  /** Of difficulties, beside the scoring. */
  readonly cost: Readonly<Record<'rollouts' | 'tokens' | 'seconds', number>>;
}

async function prepare(whole: readonly RftTask[]): Promise<Prepared> {
  let [pool, scoringSeconds, scoringTokens] = [whole, 0, 0];
  let scores: readonly AngleScore[] | undefined;
  if (arm.needsScores) {
    const started = performance.now();
    scores = await scoresOf(pool);
    scoringSeconds = (performance.now() - started) / 1000;
    scoringTokens = pool.reduce((sum, { prompt }) => sum + PREFIX.length + prompt.length, 0);
  }
  const known = arm.half === 'unsolved' ? await passRates(model, pool, settingsOf(regime)) : undefined;
  if (arm.half !== undefined) {
    const kept = halfOf(arm, scores ?? known?.passRates.map((rate) => ({ intra: -rate, inter: 0 })));
    pool = pool.filter((_, i) => kept(i));
    scores = scores?.filter((_, i) => kept(i));
  }
  const rest = { pool, scoringSeconds, ...(scores && { scores }) };
  const cost = known?.cost ?? { rollouts: 0, tokens: scoringTokens, seconds: 0 };
  if (arm.difficulties === 'level') return { ...rest, cost, difficulties: pool.map(({ level }) => level) };
  if (arm.difficulties === undefined) return { ...rest, cost };
  const found = await passRates(model, pool, settingsOf(regime));
  return { ...rest, cost: found.cost, difficulties: found.passRates.map((rate) => 1 - rate) };
}

/** Which prompts an arm with half the data keeps: those with the higher scores, or every other one. */
function halfOf(
  { half }: Arm,
  scores: readonly Pick<AngleScore, 'intra' | 'inter'>[] | undefined,
): (index: number) => boolean {
  if (half === 'any' || !scores) return (index) => index % 2 === 0;
  const order = scores.map((_, i) => i).sort((a, b) => angle(scores[b]!) - angle(scores[a]!) || a - b);
  const kept = new Set(order.slice(0, Math.ceil(order.length / 2)));
  return (index) => kept.has(index);
}

function angle({ intra, inter }: Pick<AngleScore, 'intra' | 'inter'>): number {
  return intra + inter;
}

async function scoresOf(pool: readonly RftTask[]): Promise<readonly AngleScore[]> {
  const nothing = { draw: () => [], update: () => undefined, state: () => ({}) };
  const loop = await RftLoop.open({ ...optionsOf(pool), curriculum: { make: () => nothing } });
  const scores = await loop.score();
  await loop.close();
  return scores;
}

function optionsOf(
  pool: readonly RftTask[],
): Omit<RftLoopOptions, 'curriculum'> & { model: Model<TransformerConfiguration> } {
  const reward = makeReward(readConfig(rewardSchema, { verifier: 'exact' }));
  const openPolicy = policyModelHere(cpuEngine);
  return { model, texts: textsHere(byteTokenizer), pool, reward, settings: settingsOf(regime), openPolicy };
}

/** The same for all arms but for what an arm is. */
function settingsOf({ rollouts, promptsPerStep, completions, maxTokens, learningRate }: Regime): RftLoopSettings {
  return readRftLoopSettings({
    steps: rollouts,
    promptsPerStep,
    completions,
    maxTokens,
    learningRate,
    seed,
    prefix: PREFIX,
    klCoefficient: 0,
    shownSamples: 0,
    ...arm.loop,
  });
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
