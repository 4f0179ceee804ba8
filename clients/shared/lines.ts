/** Input text → lines, read ahead of the command that runs, so that an analysis notices the next line at once. */

import { StringDecoder } from 'node:string_decoder';
import { Condition } from '../../src/core/condition.js';

/** Characters of the longest line where whoever reads does not say; no GTP command needs a tenth of them. */
const usualLongestLine = 65_536;

/** Lines that may wait; a sender that is further ahead is no longer read until the loop catches up. */
const maxWaiting = 10_000;

/** Reads `input` in the background and hands its lines out one by one. */
export class LineReader {
  readonly #waiting: string[] = [];
  #ended = false;
  readonly #changed = new Condition();
  #interrupt = new AbortController();

  /** Characters of the longest line that is whole; of a longer one the reader keeps the beginning, which is longer by one. */
  readonly maxLineLength: number;

  /**
   * @param input text or bytes in any pieces; its end is the end of the lines
   * @param maxLineLength in characters; whoever takes a longer line has to refuse it
   */
  constructor(input: AsyncIterable<Uint8Array | string>, maxLineLength = usualLongestLine) {
    this.maxLineLength = maxLineLength;
    void this.#read(input);
  }

  /** The next line without its line feed; undefined at the end of the input. One caller at a time. */
  async next(): Promise<string | undefined> {
    await this.#changed.until(() => this.#waiting.length > 0 || this.#ended);
    const line = this.#waiting.shift();
    this.#changed.notifyAll();
    return line;
  }

  /** A signal that aborts as soon as there is a line to read, or no more will come; already aborted if so now. */
  whenMore(): AbortSignal {
    if (this.#interrupt.signal.aborted) this.#interrupt = new AbortController();
    if (this.#waiting.length > 0 || this.#ended) this.#interrupt.abort();
    return this.#interrupt.signal;
  }

  /** Hands out no more lines than are waiting now. */
  end(): void {
    this.#ended = true;
    this.#announce();
  }

  async #read(input: AsyncIterable<Uint8Array | string>): Promise<void> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    try {
      for await (const piece of input) {
        const text = typeof piece === 'string' ? piece : decoder.write(Buffer.from(piece));
        const [end = '', ...others] = text.split('\n');
        const lines = [this.#joined(rest, end), ...others.map((line) => this.#joined('', line))];
        rest = lines.pop() ?? '';
        this.#push(lines);
        await this.#changed.until(() => this.#waiting.length <= maxWaiting || this.#ended);
        if (this.#ended) return;
      }
      if (rest !== '') this.#push([rest]);
    } catch {
      // A broken pipe is the end of the input.
    } finally {
      this.end();
    }
  }

  /** What is kept of a line; each piece is looked at once, so that long lines take no longer than their length says. */
  #joined(begin: string, end: string): string {
    return begin.length > this.maxLineLength ? begin : (begin + end).slice(0, this.maxLineLength + 1);
  }

  #push(lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of lines) this.#waiting.push(line);
    this.#announce();
  }

  #announce(): void {
    this.#interrupt.abort();
    this.#changed.notifyAll();
  }
}
