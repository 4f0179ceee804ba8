/** The reward of a job from its settings: how completions are judged, and what each family's are worth. */

import { choice, integer, text, type ConfigOf } from '../core/config.js';
import { AppError, check } from '../core/errors.js';
import { ThreadPool } from '../threads/pool.js';
import { commandReward } from './command.js';
import { patternReward } from './pattern.js';
import { failed, type JudgedSample, type Judgement, type Reward } from './reward.js';
import type { Sandbox } from './sandbox.js';
import { exact, numeric, type Verifier } from './verifiers.js';

/** Settings of the reward, with their ranges and meanings. */
export const rewardSchema = {
  verifier: choice(
    'exact',
    ['exact', 'numeric', 'regex', 'command', 'external'],
    'How a completion is judged if its task does not name a verifier: exact compares the completion with the answer, numeric the last number in the completion, regex the match of verifierPattern, command the output of verifierCommand; external asks the RewardService at rewardAddress.',
  ),
  verifierPattern: text(
    '',
    'Regular expression of the verifier regex; the first group of the last match, or the whole last match if there is no group, is compared with the answer.',
  ),
  verifierCommand: text(
    '',
    'Shell command of the verifier command: the command reads the completion from standard input, and its output is compared with the answer. Only a server with allowCommands runs the command.',
  ),
  verifierTimeoutMs: integer(
    5000,
    1,
    3_600_000,
    'Milliseconds after which a command, a pattern or a call of the RewardService counts as failed.',
  ),
  verifierMegabytes: integer(2048, 16, 1_048_576, 'Largest address space of each process of a command, in MiB.'),
  verifierConcurrency: integer(4, 1, 1024, 'Most commands or patterns that run at once; never more than 4 patterns.'),
  rewardAddress: text('', 'HOST:PORT of the RewardService of the verifier external.'),
  rewardWeights: text(
    '',
    'Factors on the rewards of task families, such as add=1,mul=2; the factor of any other family is 1.',
  ),
} as const;

export type RewardConfig = ConfigOf<typeof rewardSchema>;

/** A reward with connections or threads of its own. */
export interface OwningReward extends Reward {
  /** Ends them. */
  close(): Promise<void>;
}

/** Makes the reward of another process; the caller knows how to reach it. */
export type ConnectReward = (address: string, timeoutMs: number) => Reward & { close(): void };

/** What a server lends to a reward. */
export interface RewardMeans {
  /** For the verifier external. */
  readonly connect?: ConnectReward;
  /** For the verifier command; not given: commands are not allowed. */
  readonly sandbox?: Sandbox | undefined;
}

/** Most threads that match patterns for one reward. */
const MAX_THREADS = 4;

/**
 * Makes the reward. It starts nothing before it is asked to judge.
 *
 * @throws AppError 'invalid-argument' naming the setting that is missing or malformed, 'failed-precondition' for a command
 *   where none is allowed
 */
export function makeReward(config: RewardConfig, means: RewardMeans = {}): OwningReward {
  const threads = Math.min(config.verifierConcurrency, MAX_THREADS);
  const parts = { config, pool: new ThreadPool({ name: 'patterns', threads, waiting: 1024 }), threads, means };
  const own = rewardOf(config.verifier, parts);
  const others = new Map<string, Reward>();
  const weights = readWeights(config.rewardWeights);
  return {
    async score(batch, signal) {
      const judgements = new Array<Judgement>(batch.length);
      for (const [verifier, indices] of byVerifier(batch)) {
        const reward = verifier === undefined ? own : ofTask(verifier, parts, others);
        const judged = await reward.score(
          indices.map((i) => batch[i]!),
          signal,
        );
        indices.forEach((i, j) => {
          judgements[i] = weighed(judged[j]!, weights.get(batch[i]!.family) ?? 1);
        });
      }
      return judgements;
    },
    async close() {
      if ('close' in own) own.close();
      await parts.pool.close();
    },
  };
}

interface Parts {
  readonly config: RewardConfig;
  readonly pool: ThreadPool;
  readonly threads: number;
  readonly means: RewardMeans;
}

/** Names a verifier that a line of a data set may ask for: exact, numeric, or `regex:PATTERN`. */
function ofTask(verifier: string, parts: Parts, known: Map<string, Reward>): Reward {
  const found = known.get(verifier);
  if (found) return found;
  const made = makeOfTask(verifier, parts);
  known.set(verifier, made);
  return made;
}

function makeOfTask(verifier: string, parts: Parts): Reward {
  // A data set may come from anywhere, so it can name no command and no address.
  const pattern = verifier.startsWith('regex:') ? verifier.slice('regex:'.length) : undefined;
  try {
    if (pattern !== undefined) return ofPattern(pattern, parts);
    if (verifier === 'exact' || verifier === 'numeric') return rewardOf(verifier, parts);
  } catch (error) {
    // Only the samples of this task cannot be judged.
    if (AppError.from(error).kind !== 'invalid-argument') throw error;
  }
  return { score: (batch) => Promise.resolve(batch.map(() => failed('unknown verifier'))) };
}

function rewardOf(verifier: RewardConfig['verifier'], parts: Parts): Reward | ReturnType<ConnectReward> {
  const { config, means } = parts;
  const { verifierPattern, verifierTimeoutMs: timeoutMs, rewardAddress } = config;
  switch (verifier) {
    case 'exact':
      return ofVerifier(exact);
    case 'numeric':
      return ofVerifier(numeric);
    case 'regex':
      return ofPattern(verifierPattern, parts);
    case 'command':
      return ofCommand(config, means.sandbox);
    case 'external':
      check(rewardAddress !== '', 'The verifier external needs rewardAddress');
      check(means.connect !== undefined, 'The verifier external is only known to a server');
      return means.connect(rewardAddress, timeoutMs);
  }
}

function ofPattern(pattern: string, { config, pool, threads: concurrency }: Parts): Reward {
  return patternReward(pattern, { pool, concurrency, timeoutMs: config.verifierTimeoutMs });
}

function ofCommand(config: RewardConfig, sandbox: Sandbox | undefined): Reward {
  if (!sandbox) {
    throw new AppError(
      'failed-precondition',
      'The verifier command runs a program; only a server that was started with --allow-commands lets jobs do that',
    );
  }
  const { verifierCommand: command, verifierTimeoutMs: timeoutMs, verifierMegabytes: megabytes } = config;
  return commandReward({ command, timeoutMs, megabytes, concurrency: config.verifierConcurrency, sandbox });
}

function ofVerifier(verifier: Verifier): Reward {
  const judge = ({ completion, answer }: JudgedSample): Judgement => {
    const correct = verifier(completion, answer) ? 1 : 0;
    return { reward: correct, correct };
  };
  return { score: (batch) => Promise.resolve(batch.map(judge)) };
}

function weighed(judgement: Judgement, weight: number): Judgement {
  return weight === 1 ? judgement : { ...judgement, reward: weight * judgement.reward };
}

function byVerifier(batch: readonly JudgedSample[]): Map<string | undefined, number[]> {
  const groups = new Map<string | undefined, number[]>();
  batch.forEach(({ verifier }, i) => {
    const group = groups.get(verifier);
    if (group) group.push(i);
    else groups.set(verifier, [i]);
  });
  return groups;
}

function readWeights(list: string): Map<string, number> {
  const parts = list.split(',').filter((part) => part.trim() !== '');
  return new Map(
    parts.map((part): [string, number] => {
      const at = part.lastIndexOf('=');
      const weight = at < 1 || part.slice(at + 1).trim() === '' ? NaN : Number(part.slice(at + 1));
      check(
        Number.isFinite(weight) && weight >= 0,
        () => `rewardWeights has '${part}'; it must be FAMILY=WEIGHT, a number from 0 on`,
      );
      return [part.slice(0, at).trim(), weight];
    }),
  );
}
