/** A step in figures: those that users of TRL, verl and OpenRLHF look for, under the names of the job's progress. */

import { deviation, mean, sum } from '../../core/statistics.js';
import type { UpdateResult } from './policy-model.js';
import { type JudgedGroup, passRateOf } from './rollouts.js';

export interface StepParts {
  /** All groups drawn, those dropped included. */
  readonly drawn: readonly JudgedGroup[];
  /** Groups learnt from. */
  readonly kept: readonly JudgedGroup[];
  readonly updates: readonly UpdateResult[];
  readonly promptTokens: readonly number[];
  readonly learningRate: number;
  readonly failures: number;
  readonly times: Readonly<Record<'generateMs' | 'rewardMs' | 'trainMs' | 'curriculumMs' | 'stepMs', number>>;
}

export type Figures = Readonly<Record<string, number>>;

/** The figures of one step; shares and means are over the completions drawn, `kl` … over the tokens learnt from. */
export function stepFigures(parts: StepParts): Figures {
  const { drawn, kept, updates, learningRate, failures, promptTokens, times } = parts;
  const completions = drawn.flatMap((group) => group.completions);
  const rewards = completions.map(({ reward }) => reward);
  const lengths = completions.map(({ tokens }) => tokens.length);
  const generated = sum(lengths);
  return {
    rewardMean: mean(rewards),
    rewardStd: deviation(rewards),
    /** The mean over groups of their deviations. */
    groupRewardStd: mean(drawn.map((group) => deviation(group.completions.map(({ reward }) => reward)))),
    accuracy: mean(drawn.map(passRateOf)),
    zeroVarianceShare: mean(drawn.map(({ hasSignal }) => Number(!hasSignal))),
    allCorrectShare: mean(drawn.map((group) => Number(passRateOf(group) === 1))),
    noneCorrectShare: mean(drawn.map((group) => Number(passRateOf(group) === 0))),
    ...updateFigures(updates),
    learningRate,
    failures,
    completionTokensMean: mean(lengths),
    completionTokensMin: Math.min(...lengths),
    completionTokensMax: Math.max(...lengths),
    truncatedShare: mean(completions.map(({ isStopped }) => Number(!isStopped))),
    promptTokensMean: mean(promptTokens),
    promptsDrawn: drawn.length,
    groupsKept: kept.length,
    rollouts: completions.length,
    tokensPrefill: sum(promptTokens),
    tokensDecode: generated,
    ...times,
    tokensPerSecond: times.stepMs > 0 ? (1000 * (generated + sum(promptTokens))) / times.stepMs : 0,
  };
}

function updateFigures(updates: readonly UpdateResult[]): Figures {
  const tokens = sum(updates.map((update) => update.tokens));
  const perToken = (name: 'kl' | 'oldKl' | 'entropy' | 'clippedLow' | 'clippedHigh'): number =>
    tokens === 0 ? 0 : sum(updates.map((update) => update[name])) / tokens;
  const [clipLowShare, clipHighShare] = [perToken('clippedLow'), perToken('clippedHigh')];
  return {
    loss: mean(updates.map(({ loss }) => loss)),
    kl: perToken('kl'),
    oldKl: perToken('oldKl'),
    entropy: perToken('entropy'),
    clipLowShare,
    clipHighShare,
    clipShare: clipLowShare + clipHighShare,
    gradientNorm: mean(updates.map(({ gradientNorm }) => gradientNorm)),
    updates: updates.length,
    tokensTrain: sum(updates.map(({ computedTokens }) => computedTokens)),
  };
}
