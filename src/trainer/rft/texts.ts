/** What a loop has a vocabulary do. */

import type { Tokenizer } from '../../text/tokenizer.js';
import { encodeTasks, promptsOf, type PromptSettings, type RftTask, type TokenPrompts } from './prompts.js';

/** Texts to tokens and back. */
export interface Texts {
  /** @throws AppError 'invalid-argument' naming the first task that leaves no room for a completion */
  encode(tasks: readonly RftTask[], settings: PromptSettings): Promise<TokenPrompts>;
  decode(tokens: readonly (readonly number[])[]): Promise<string[]>;
}

/** Texts in this thread, for a vocabulary that is known to end. */
export function textsHere(tokenizer: Tokenizer): Texts {
  return {
    encode: (tasks, settings) => Promise.resolve(promptsOf(encodeTasks(tasks, tokenizer, settings))),
    decode: (tokens) => Promise.resolve(tokens.map((own) => tokenizer.decode(own))),
  };
}
