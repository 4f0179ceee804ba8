/** The tasks of a job from its data sets, with the lines that cannot be used. */

import { AppError, check } from '../../core/errors.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { describeRefused, type RefusedLine, splitSamples } from '../../text/dataset.js';
import { readTasks } from '../../text/tasks.js';
import type { Tokenizer } from '../../text/tokenizer.js';
import type { RftConfig } from './job-config.js';
import { encodeTasks, type RftTask } from './prompts.js';

/** Tasks that can be used, and the lines left out. */
export interface TaskPool {
  readonly tasks: readonly RftTask[];
  readonly refused: readonly RefusedLine[];
}

export interface TaskPoolOptions {
  /** Of the data set, for messages. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly architecture: TransformerConfiguration;
  readonly config: RftConfig;
}

/**
 * Reads a data set. A task is known by its line.
 *
 * @throws AppError 'invalid-argument' naming the lines that cannot be used if the settings say so, or if nothing is left
 */
export function readTaskPool(file: Uint8Array, { name, tokenizer, architecture, config }: TaskPoolOptions): TaskPool {
  const { tasks: read, malformed } = readTasks(file);
  const refused: RefusedLine[] = [...malformed];
  const settings = { ...config, context: architecture.context };
  const tasks = read.flatMap(({ line, family = '', level = 0, ...rest }): RftTask[] => {
    const task = { id: `line ${line}`, family, level, ...rest };
    try {
      encodeTasks([task], tokenizer, settings);
      return [task];
    } catch (error) {
      refused.push({ line, reason: AppError.from(error).message });
      return [];
    }
  });
  refused.sort((a, b) => a.line - b.line);
  if (refused.length > 0 && config.unusable === 'refuse') {
    throw new AppError(
      'invalid-argument',
      `The data set '${name}' has lines that cannot be used: ${describeRefused(refused)}. Mend them, or set unusable=skip`,
    );
  }
  check(tasks.length > 0, () => `The data set '${name}' holds no task. ${describeRefused(refused)}`.trimEnd());
  return { tasks, refused };
}

/** The tasks to train on, and those set aside to evaluate on: a function of their number and the settings. */
export function divideTasks(
  tasks: readonly RftTask[],
  { evaluationShare, evaluationPrompts, seed }: RftConfig,
): { readonly train: readonly RftTask[]; readonly evaluation: readonly RftTask[] } {
  const { train, evaluation } = splitSamples(tasks.length, evaluationShare, seed);
  return {
    train: train.map((i) => tasks[i]!),
    evaluation: evaluation.slice(0, evaluationPrompts).map((i) => tasks[i]!),
  };
}
