/** Tasks as token ids, as the model is asked. */

import { check } from '../../core/errors.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { chatPrompt } from '../../text/samples.js';
import { markers, type Tokenizer } from '../../text/tokenizer.js';
import type { RftLoopSettings } from './config.js';

/** A prompt with what judges its completions. */
export interface RftTask {
  /** Unique in its pool. */
  readonly id: string;
  readonly prompt: string;
  readonly answer: string;
  /** '' if it has none. */
  readonly family: string;
  /** Difficulty, or 0 if nothing is known of it. */
  readonly level: number;
  /** How completions are judged where not as the job says. */
  readonly verifier?: string;
}

/** A pool ready to be asked. */
export interface TokenPrompts {
  readonly tokens: readonly (readonly number[])[];
  /** Tokens that all begin with; a question has at least one beside. */
  readonly prefixTokens: number;
  readonly stopTokens: readonly number[];
}

/** How a prompt is put to the model. */
export type PromptSettings = Pick<RftLoopSettings, 'format' | 'prefix' | 'maxTokens'> &
  Pick<TransformerConfiguration, 'context'>;

/** What a vocabulary makes of tasks. */
export type EncodedTasks = Pick<TokenPrompts, 'tokens' | 'stopTokens'>;

/**
 * Encodes tasks.
 *
 * @throws AppError 'invalid-argument' naming the first task that leaves no room for a completion
 */
export function encodeTasks(
  tasks: readonly RftTask[],
  tokenizer: Tokenizer,
  { format, prefix, maxTokens, context }: PromptSettings,
): EncodedTasks {
  const system = prefix === '' ? [] : [{ role: 'system', content: prefix }];
  const tokens = tasks.map(({ id, prompt }) => {
    const own =
      format === 'chat'
        ? chatPrompt([...system, { role: 'user', content: prompt }], tokenizer)
        : tokenizer.encode(prefix + prompt);
    check(own.length > 0, `Prompt '${id}' is empty`);
    check(
      own.length + maxTokens <= context,
      () => `Prompt '${id}' has ${own.length} tokens and ${maxTokens} may follow; together at most ${context} fit`,
    );
    return own;
  });
  const end = tokenizer.encodeMarker(markers.messageEnd);
  const stopTokens = format === 'chat' && end.length === 1 ? [tokenizer.endOfText, ...end] : [tokenizer.endOfText];
  return { tokens, stopTokens };
}

/** Tokens of the tasks of a pool, ready to be asked. */
export function promptsOf({ tokens, stopTokens }: EncodedTasks): TokenPrompts {
  return { tokens, prefixTokens: commonPrefix(tokens), stopTokens };
}

/** Characters that pass between threads at a time, so that neither is at it for long; and what a task counts for beside. */
const PART = 1 << 20;
const TASK = 64;

/** Cuts tasks into parts that pass between threads quickly. @param beside characters that are put before each prompt */
export function* partsOf(tasks: readonly RftTask[], beside = 0): Generator<RftTask[], void> {
  for (let start = 0, end = 0; start < tasks.length; start = end) {
    for (let size = 0; end < tasks.length && size < PART; end++) {
      const { prompt, answer } = tasks[end]!;
      size += TASK + beside + prompt.length + answer.length;
    }
    yield tasks.slice(start, end);
  }
}

function commonPrefix(prompts: readonly (readonly number[])[]): number {
  const first = prompts[0] ?? [];
  // A question of two tokens at least, for the mean over its pairs.
  const most = Math.max(0, prompts.reduce((least, { length }) => Math.min(least, length), first.length) - 2);
  let length = 0;
  while (length < most && prompts.every((prompt) => prompt[length] === first[length])) length++;
  return length;
}
