/**
 * What a reward is: it judges completions. Correctness is 0 or 1 and is what curricula and evaluations use; the reward is what
 * the policy model learns from. A sample that cannot be judged fails with a reason and earns nothing; it never ends a job.
 */

/** A completion to judge. */
export interface JudgedSample {
  readonly prompt: string;
  readonly completion: string;
  /** Of the task. */
  readonly answer: string;
  /** Of the task; '' if it has none. */
  readonly family: string;
  /** Of the task, where it says how it is judged; the reward's own way if not given. */
  readonly verifier?: string;
}

/** What a completion earns. */
export interface Judgement {
  readonly reward: number;
  readonly correct: 0 | 1;
  /** Why it could not be judged: a word or two without anything of the sample, so that failures can be counted by it. */
  readonly failure?: string;
}

/** Judges completions. */
export interface Reward {
  /**
   * One judgement for each sample, in their order. Rejects only if `signal` aborts.
   */
  score(batch: readonly JudgedSample[], signal?: AbortSignal): Promise<readonly Judgement[]>;
}

/** A sample that could not be judged. */
export function failed(failure: string): Judgement {
  return { reward: 0, correct: 0, failure };
}

/** How often samples failed, by reason. */
export function countFailures(judgements: readonly Judgement[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { failure } of judgements) if (failure !== undefined) counts[failure] = (counts[failure] ?? 0) + 1;
  return counts;
}
