/** How good a policy model is at tasks: greedy, and sampled with the same chance every time. */

import { mean } from '../../core/statistics.js';
import type { RftLoopSettings } from './config.js';
import { drawRollouts, type JudgedGroup, passRateOf, type RolloutParts } from './rollouts.js';

/** A completion for people to read. */
export interface SampleRow {
  readonly prompt: string;
  readonly completion: string;
  readonly answer: string;
  readonly reward: number;
  readonly correct: boolean;
}

/** Shares of correct completions. */
export interface Accuracy {
  readonly overall: number;
  readonly byFamily: Readonly<Record<string, number>>;
  readonly byLevel: Readonly<Record<string, number>>;
}

export interface Evaluation {
  /** Likeliest tokens alone. */
  readonly greedy: Accuracy;
  /** Drawn at temperature 1; absent if the settings ask for none. */
  readonly sampled?: Accuracy;
  /** Share of the prompts of which at least one sampled completion is correct. */
  readonly anyCorrect?: number;
  readonly meanTokens: number;
  /** Share of the greedy completions that did not end by themselves. */
  readonly truncatedShare: number;
  readonly failures: Readonly<Record<string, number>>;
  /** The first greedy completions. */
  readonly samples: readonly SampleRow[];
  readonly milliseconds: number;
}

/** A label for the chance of evaluations, apart from that of steps. */
const EVALUATION = 0x0e7a_1000;

/** Evaluates on all tasks. Equal weights and settings give equal results. */
export async function evaluatePolicy(
  parts: RolloutParts,
  settings: RftLoopSettings,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const started = performance.now();
  const { sampledEvaluations, shownSamples, seed } = settings;
  const indices = parts.tasks.map((_, i) => i);
  const draw = (completions: number, temperature: number): ReturnType<typeof drawRollouts> =>
    drawRollouts(
      parts,
      indices,
      { ...settings, completions, temperature, topP: 1, overlongTokens: 0, seed: seed ^ EVALUATION },
      signal,
    );
  const greedy = await draw(1, 0);
  const sampled = sampledEvaluations > 0 ? await draw(sampledEvaluations, 1) : undefined;
  const answers = greedy.groups.map(({ completions }) => completions[0]!);
  return {
    greedy: accuracyOf(greedy.groups, parts),
    ...(sampled && {
      sampled: accuracyOf(sampled.groups, parts),
      anyCorrect: mean(sampled.groups.map((group) => Number(passRateOf(group) > 0))),
    }),
    meanTokens: mean(answers.map(({ tokens }) => tokens.length)),
    truncatedShare: mean(answers.map(({ isStopped }) => Number(!isStopped))),
    failures: { ...greedy.failures, ...sampled?.failures },
    samples: sampleRows(greedy.groups, parts, shownSamples),
    milliseconds: performance.now() - started,
  };
}

/** The first completion of the first groups. */
export function sampleRows(groups: readonly JudgedGroup[], { tasks }: RolloutParts, count: number): SampleRow[] {
  return groups.slice(0, count).map(({ index, completions }) => {
    const { prompt, answer } = tasks[index]!;
    const { text, reward, correct } = completions[0]!;
    return { prompt, completion: text, answer, reward, correct: correct === 1 };
  });
}

function accuracyOf(groups: readonly JudgedGroup[], { tasks }: RolloutParts): Accuracy {
  const by = (key: (index: number) => string): Record<string, number> => {
    const rates = new Map<string, number[]>();
    for (const group of groups) {
      const name = key(group.index);
      if (name === '') continue;
      rates.set(name, [...(rates.get(name) ?? []), passRateOf(group)]);
    }
    return Object.fromEntries([...rates].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, all]) => [name, mean(all)]));
  };
  return {
    overall: mean(groups.map(passRateOf)),
    byFamily: by((index) => tasks[index]!.family),
    byLevel: by((index) => (tasks[index]!.level === 0 ? '' : String(tasks[index]!.level))),
  };
}

/** An evaluation as figures of a job's progress; those of families and levels are named after them. */
export function evaluationFigures(found: Evaluation): Record<string, number> {
  const { greedy, sampled, anyCorrect, meanTokens, truncatedShare, failures, milliseconds } = found;
  const parts = (name: string, { byFamily, byLevel }: Accuracy): [string, number][] => [
    ...Object.entries(byFamily).map(([family, share]): [string, number] => [`${name}.${family}`, share]),
    ...Object.entries(byLevel).map(([level, share]): [string, number] => [`${name}.level${level}`, share]),
  ];
  return {
    greedyAccuracy: greedy.overall,
    ...(sampled && { sampledAccuracy: sampled.overall }),
    ...(anyCorrect !== undefined && { anyCorrect }),
    evaluationTokensMean: meanTokens,
    evaluationTruncatedShare: truncatedShare,
    evaluationFailures: Object.values(failures).reduce((sum, count) => sum + count, 0),
    evaluationMs: milliseconds,
    ...Object.fromEntries(parts('greedyAccuracy', greedy)),
    ...(sampled && Object.fromEntries(parts('sampledAccuracy', sampled))),
  };
}
