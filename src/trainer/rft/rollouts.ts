/** Completions of a step: drawn, judged, and turned into groups to learn from. */

import { countFailures, type Judgement, type Reward } from '../../rewards/reward.js';
import type { GroupCompletion, PromptSummary } from '../../generator/group-generator.js';
import { advantagesOf, hasSignal, tokenWeightOf } from './advantages.js';
import type { RftLoopSettings } from './config.js';
import type { PolicyModelPort } from './policy-model.js';
import type { RftTask, TokenPrompts } from './prompts.js';
import type { WeightedGroup } from './rows.js';
import type { Texts } from './texts.js';

/** A completion with what it earned. */
export interface JudgedCompletion extends GroupCompletion {
  /** Without the token that ends it. */
  readonly text: string;
  readonly correct: 0 | 1;
  readonly reward: number;
}

/** The completions of a prompt. */
export interface JudgedGroup {
  /** Index in the pool. */
  readonly index: number;
  readonly completions: readonly JudgedCompletion[];
  readonly summary: PromptSummary;
  /** Whether its rewards differ. */
  readonly hasSignal: boolean;
}

/** The model that draws completions, the reward that judges them, and the prompts. */
export interface RolloutParts {
  readonly policy: PolicyModelPort;
  readonly texts: Texts;
  readonly reward: Reward;
  readonly tasks: readonly RftTask[];
  readonly prompts: TokenPrompts;
}

export interface DrawSettings {
  readonly completions: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly endRequired: boolean;
  readonly overlongTokens: number;
  readonly seed: number;
}

/** Judged groups, and what they cost. */
export interface Rollouts {
  readonly groups: readonly JudgedGroup[];
  /** Judgements that failed, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly generateMs: number;
  readonly rewardMs: number;
}

/** Draws and judges completions of the tasks of some indices. */
export async function drawRollouts(
  { policy, texts, reward, tasks, prompts }: RolloutParts,
  indices: readonly number[],
  settings: DrawSettings,
  signal?: AbortSignal,
): Promise<Rollouts> {
  const { completions, maxTokens, temperature, topP, seed } = settings;
  const { stopTokens, prefixTokens } = prompts;
  const started = performance.now();
  const drawn = await policy.generate({
    prompts: indices.map((index) => prompts.tokens[index]!),
    completions,
    maxTokens,
    temperature,
    topP,
    seed,
    stopTokens,
    prefixTokens,
  });
  const generated = performance.now();
  const said = await texts.decode(drawn.flatMap((group) => group.completions.map(withoutEnd)));
  const samples = said.map((completion, i) => {
    const { prompt, answer, family, verifier } = tasks[indices[Math.floor(i / completions)]!]!;
    return { completion, prompt, answer, family, ...(verifier !== undefined && { verifier }) };
  });
  const judgements = await reward.score(samples, signal);
  const groups = drawn.map(({ completions: own, summary }, i): JudgedGroup => {
    const judged = own.map((completion, j) => ({
      ...completion,
      text: said[i * completions + j]!,
      ...earned(completion, judgements[i * completions + j]!, settings),
    }));
    return { index: indices[i]!, completions: judged, summary, hasSignal: hasSignal(judged.map((one) => one.reward)) };
  });
  const rewardMs = performance.now() - generated;
  return { groups, failures: countFailures(judgements), generateMs: generated - started, rewardMs };
}

/** The share of a group's completions that are correct. */
export function passRateOf({ completions }: JudgedGroup): number {
  return completions.reduce((sum, { correct }) => sum + correct, 0) / completions.length;
}

/**
 * Groups to learn from in one update. Those without a signal are left out where nothing but rewards makes a gradient, and
 * count nonetheless in what the loss is divided by.
 */
export function weightGroups(
  groups: readonly JudgedGroup[],
  tokens: TokenPrompts['tokens'],
  settings: RftLoopSettings,
): WeightedGroup[] {
  const { estimator, maxTokens, klCoefficient, entropyCoefficient } = settings;
  const all = groups.flatMap(({ completions }) => completions);
  const of = { count: all.length, maxTokens, tokens: all.reduce((sum, one) => sum + one.tokens.length, 0) };
  const keepsAll = klCoefficient > 0 || entropyCoefficient > 0;
  return groups
    .filter((group) => keepsAll || group.hasSignal)
    .map(({ index, completions }) => {
      const advantages = advantagesOf(
        estimator,
        completions.map(({ reward }) => reward),
      );
      return {
        prompt: tokens[index]!,
        completions: completions.map(({ tokens: own, logProbabilities }, i) => ({
          tokens: own,
          logProbabilities,
          advantage: advantages[i]!,
          weight: tokenWeightOf(estimator, own.length, of),
        })),
      };
    });
}

function withoutEnd({ tokens, isStopped }: GroupCompletion): readonly number[] {
  return isStopped ? tokens.slice(0, -1) : tokens;
}

/** The judgement as it counts: what did not end, or is nearly too long, earns less (DAPO, 2025, eq. 13). */
function earned(
  { tokens, isStopped }: GroupCompletion,
  { reward, correct }: Judgement,
  { endRequired, overlongTokens, maxTokens }: DrawSettings,
): Pick<JudgedCompletion, 'reward' | 'correct'> {
  const counts = isStopped || !endRequired;
  const over = overlongTokens === 0 ? 0 : Math.max(0, tokens.length - (maxTokens - overlongTokens)) / overlongTokens;
  return { reward: (counts ? reward : 0) - over, correct: counts ? correct : 0 };
}
