/** Turns tokens into text as they come: whole characters only, and nothing that may belong to a stop string. */

import type { Tokenizer } from '../text/tokenizer.js';

const REPLACEMENT = '\uFFFD';

export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #stops: readonly string[];
  /** Tokens whose text is not all given out. */
  #tokens: number[] = [];
  /** Text of `#tokens` that was given out. */
  #given = '';
  #stopped = false;

  constructor(tokenizer: Tokenizer, stops: readonly string[] = []) {
    this.#tokenizer = tokenizer;
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** True once a stop string has come. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Takes a token and returns the text that is certain now. */
  push(token: number): string {
    this.#tokens.push(token);
    const text = this.#tokenizer.decode(this.#tokens);
    const stop = firstStop(text, this.#stops, this.#given.length);
    if (stop >= 0) {
      this.#stopped = true;
      return text.slice(this.#given.length, stop);
    }
    // A character whose bytes have not all come is shown as a replacement at the end.
    const whole = text.endsWith(REPLACEMENT) ? text.slice(0, -1) : text;
    const certain = whole.length - longestBeginning(whole, this.#stops);
    if (certain <= this.#given.length) return '';
    const fresh = text.slice(this.#given.length, certain);
    this.#given = text.slice(0, certain);
    // Old tokens are let go at a break, so that a long text is not decoded again and again.
    if (certain === text.length && this.#tokens.length > 64 && /\s$/u.test(text)) this.#restart();
    return fresh;
  }

  /** The rest, at the end. */
  end(): string {
    return this.#stopped ? '' : this.#tokenizer.decode(this.#tokens).slice(this.#given.length);
  }

  /** Keeps the last token: some vocabularies drop a space before the first one. */
  #restart(): void {
    this.#tokens = this.#tokens.slice(-1);
    this.#given = this.#tokenizer.decode(this.#tokens);
  }
}

function firstStop(text: string, stops: readonly string[], from: number): number {
  const found = stops.map((stop) => text.indexOf(stop, from)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** Length of the longest end of the text that a stop string begins with. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
