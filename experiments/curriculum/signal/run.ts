/**
 * What angle concentration tells of a prompt: its rank correlation with the length and the level of the question, with how often
 * the model solves it, and with the norm of its own gradient; at the start, and after a third and two thirds of a run with
 * uniform draws.
 */

import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { policyModelHere } from '../../../src/trainer/rft/policy-model-handle.js';
import { parseArgs } from 'node:util';
import { readConfig } from '../../../src/core/config.js';
import { concentration, residualConcentrations } from '../../../src/methods/curriculum/angle.js';
import { decodeTransformer, type Model } from '../../../src/nn/model-file.js';
import type { TransformerConfiguration } from '../../../src/nn/networks/transformer/configuration.js';
import { makeReward, rewardSchema } from '../../../src/rewards/make-reward.js';
import { byteTokenizer } from '../../../src/text/bytes.js';
import { readRftLoopSettings } from '../../../src/trainer/rft/config.js';
import { type CurriculumSource, RftLoop, type RftLoopOptions } from '../../../src/trainer/rft/loop.js';
import type { RftTask } from '../../../src/trainer/rft/prompts.js';
import { textsHere } from '../../../src/trainer/rft/texts.js';
import { armOf, curriculumOf } from '../arms.js';
import { calibrationSeeds, poolOf, PREFIX, regimeOf, startOf, type Regime } from '../experiment.js';
import { rankCorrelation } from './rank-correlation.js';
import { mean } from '../../../bench/shared/statistics.js';

/** More than in training: a pass rate of 16 completions. */
const COMPLETIONS = 16;
const STAGES = 3;

/** Keys: `stages`, each with the Spearman correlations of angle and of angle without length; `prompts`, `regime`. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { regime: { type: 'string', default: 'ladder' }, prompts: { type: 'string', default: '400' } },
  });
  const regime = regimeOf(values.regime);
  const seed = calibrationSeeds[0]!;
  const pool = poolOf(regime, seed);
  const sample = pool.slice(0, Number(values.prompts));
  let model = decodeTransformer(await startOf(values.regime));
  const stages: Record<string, unknown>[] = [];
  for (let stage = 0; stage < STAGES; stage++) {
    if (stage > 0) model = await trained(regime, model, pool, seed + stage);
    stages.push({ after: `${stage}/${STAGES}`, ...(await correlations(regime, model, sample)) });
  }
  return { regime: values.regime, prompts: sample.length, stages };
}

/** The model after another third of the budget, with fresh moments. */
async function trained(
  regime: Regime,
  model: Model<TransformerConfiguration>,
  pool: readonly RftTask[],
  seed: number,
): Promise<Model<TransformerConfiguration>> {
  const { promptsPerStep, completions, learningRate, rollouts } = regime;
  const settings = { promptsPerStep, completions, learningRate, seed };
  const loop = await RftLoop.open(optionsOf(regime, model, pool, settings, curriculumOf(armOf('uniform'), { seed })));
  const steps = Math.round(rollouts / STAGES / (promptsPerStep * completions));
  while (loop.step < steps) await loop.next();
  const result = await loop.model();
  await loop.close();
  return result;
}

async function correlations(
  regime: Regime,
  model: Model<TransformerConfiguration>,
  prompts: readonly RftTask[],
): Promise<Record<string, unknown>> {
  // One prompt after another, and no step made: a rate of 0 leaves the model as it is.
  let next = 0;
  const inOrder = { make: () => ({ draw: () => [next++], update: () => undefined, state: () => ({}) }) };
  const settings = { promptsPerStep: 1, completions: COMPLETIONS, learningRate: 0, seed: 1 };
  const loop = await RftLoop.open(optionsOf(regime, model, prompts, settings, inOrder));
  const scores = await loop.score();
  const [rates, norms]: [number[], number[]] = [[], []];
  while (rates.length < prompts.length) {
    const { figures, passRates } = await loop.next();
    rates.push(passRates[0]!);
    norms.push(figures['updates'] === 0 ? 0 : figures['gradientNorm']!);
  }
  await loop.close();
  const properties = {
    length: scores.map(({ length }) => length),
    level: prompts.map(({ level }) => level),
    passRate: rates,
    learnability: rates.map((rate) => rate * (1 - rate)),
    gradientNorm: norms,
  };
  const with_ = (values: readonly number[]): Record<string, number> =>
    Object.fromEntries(Object.entries(properties).map(([name, other]) => [name, rankCorrelation(values, other)]));
  return {
    accuracy: mean(rates),
    withSignal: mean(norms.map((norm) => (norm > 0 ? 1 : 0))),
    angle: with_(scores.map(concentration)),
    angleWithoutLength: with_(residualConcentrations(scores)),
  };
}

function optionsOf(
  { maxTokens, rollouts }: Regime,
  model: Model<TransformerConfiguration>,
  pool: readonly RftTask[],
  settings: Readonly<Record<string, number>>,
  curriculum: CurriculumSource,
): RftLoopOptions {
  const all = { maxTokens, steps: rollouts, prefix: PREFIX, klCoefficient: 0, shownSamples: 0, ...settings };
  const reward = makeReward(readConfig(rewardSchema, { verifier: 'exact' }));
  const openPolicy = policyModelHere(cpuEngine);
  const texts = textsHere(byteTokenizer);
  return { model, texts, pool, reward, settings: readRftLoopSettings(all), curriculum, openPolicy };
}
