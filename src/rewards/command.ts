/**
 * The verifier of programs: a command of the user's gets the completion on its standard input, and what it prints is compared
 * with the answer. `python3 -I -` runs completions that are programs; a checker of one's own may print anything.
 */

import { check } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import { runProgram, type ProgramLimits } from './program.js';
import { failed, type JudgedSample, type Judgement, type Reward } from './reward.js';
import type { Sandbox } from './sandbox.js';

export interface CommandOptions extends ProgramLimits {
  /** For `sh -c`; `$1` is the prompt, `$2` the answer, `$3` the family. */
  readonly command: string;
  /** Commands at once. */
  readonly concurrency: number;
  readonly sandbox: Sandbox;
}

/**
 * Judges by what a command prints. Failures: 'time-out', 'exit code', 'too much output', 'not started'.
 *
 * @throws AppError 'invalid-argument' if there is no command
 */
export function commandReward(options: CommandOptions): Reward {
  check(options.command.trim() !== '', 'The verifier command needs a command');
  return {
    async score(batch, signal) {
      const judgements: Judgement[] = [];
      let next = 0;
      const work = async (): Promise<void> => {
        for (let i = next++; i < batch.length; i = next++) {
          throwIfAborted(signal);
          judgements[i] = await judge(batch[i]!, options, signal);
        }
      };
      await Promise.all(Array.from({ length: Math.min(options.concurrency, batch.length) }, work));
      throwIfAborted(signal);
      return judgements;
    },
  };
}

async function judge(
  { prompt, completion, answer, family }: JudgedSample,
  { command, sandbox, ...limits }: CommandOptions,
  signal?: AbortSignal,
): Promise<Judgement> {
  const program = { command, args: [prompt, answer, family], input: completion };
  const ended = await runProgram(program, limits, sandbox, signal);
  if ('failure' in ended) return failed(ended.failure);
  const correct = ended.output.trim() === answer.trim() ? 1 : 0;
  return { reward: correct, correct };
}
