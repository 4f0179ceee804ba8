/** How often a model solves each prompt: the difficulties that the accuracy curriculum wants, and what they cost. */

import { cpuEngine } from '../../src/engine/engine-settings.js';
import { policyModelHere } from '../../src/trainer/rft/policy-model-handle.js';
import { readConfig } from '../../src/core/config.js';
import type { Model } from '../../src/nn/model-file.js';
import type { TransformerConfiguration } from '../../src/nn/networks/transformer/configuration.js';
import { makeReward, rewardSchema } from '../../src/rewards/make-reward.js';
import { byteTokenizer } from '../../src/text/bytes.js';
import type { RftLoopSettings } from '../../src/trainer/rft/config.js';
import { RftLoop } from '../../src/trainer/rft/loop.js';
import type { RftTask } from '../../src/trainer/rft/prompts.js';
import { textsHere } from '../../src/trainer/rft/texts.js';

/** Shares of correct completions by prompt, and their price. */
export interface PassRates {
  readonly passRates: readonly number[];
  readonly cost: Readonly<Record<'rollouts' | 'tokens' | 'seconds', number>>;
}

/** Draws a group for every prompt and learns nothing. */
export async function passRates(
  model: Model<TransformerConfiguration>,
  pool: readonly RftTask[],
  settings: RftLoopSettings,
): Promise<PassRates> {
  const all = pool.map((_, i) => i);
  const loop = await RftLoop.open({
    model,
    texts: textsHere(byteTokenizer),
    pool,
    reward: makeReward(readConfig(rewardSchema, {})),
    openPolicy: policyModelHere(cpuEngine),
    settings: { ...settings, promptsPerStep: pool.length, learningRate: 0, redraws: 0 },
    curriculum: { make: () => ({ draw: () => all, update: () => undefined, state: () => ({}) }) },
  });
  const { figures, passRates: rates } = await loop.next();
  await loop.close();
  // The update has a learning rate of 0 and is not part of the price.
  const seconds = (figures['generateMs']! + figures['rewardMs']!) / 1000;
  const tokens = figures['tokensPrefill']! + figures['tokensDecode']!;
  return { passRates: rates, cost: { rollouts: figures['rollouts']!, tokens, seconds } };
}
