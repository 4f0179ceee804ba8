/** The text of what a batch generates, completion by completion. */

import type { Tokenizer } from '../text/tokenizer.js';
import type { GeneratedToken } from './continuous-batch.js';
import { TextStream } from './text-stream.js';

/** A token with the text that is certain with it. */
export interface SpokenToken extends GeneratedToken {
  readonly text: string;
}

/** The texts of the tasks of one model. */
export class Speech {
  readonly #tokenizer: Tokenizer;
  readonly #streams = new Map<number, Map<number, TextStream>>();

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Takes a task. @param stops texts that end a completion and are not part of it */
  add({ id, completions }: { readonly id: number; readonly completions: number }, stops: readonly string[]): void {
    const streams = Array.from({ length: completions }, () => new TextStream(this.#tokenizer, stops));
    this.#streams.set(id, new Map(streams.entries()));
  }

  /** The token with its text; it ends its completion where a stop text has come. */
  say(generated: GeneratedToken): SpokenToken {
    const { id, completion, token, finishReason } = generated;
    const streams = this.#streams.get(id)!;
    const stream = streams.get(completion)!;
    let text = token === undefined ? '' : stream.push(token);
    if (finishReason) text += stream.end();
    if (!stream.isStopped && !finishReason) return { ...generated, text };
    streams.delete(completion);
    if (streams.size === 0) this.#streams.delete(id);
    return { ...generated, text, ...(stream.isStopped && { finishReason: 'stop' }) };
  }

  /** Lets a task go. */
  end(id: number): void {
    this.#streams.delete(id);
  }
}
