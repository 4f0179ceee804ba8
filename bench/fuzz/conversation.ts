/** Cases in the one pipe of a process that answers in order. A process that ended is replaced, and what it owed asked again. */

import type { TextProcess } from './text-process.js';

/** What a line of the process is. */
export interface Heard {
  /** The question that it answers, the last of a case. */
  readonly barrier?: string | undefined;
  /** What it complains of. */
  readonly complaint?: string | undefined;
}

/** How a case ended: `said` are its complaints. */
export interface Exchange {
  readonly end: 'answered' | 'ended' | 'crashed' | 'late';
  readonly said: readonly string[];
  /** How the process ended. */
  readonly epitaph: string;
}

interface Asked {
  readonly bytes: Uint8Array;
  readonly barrier: string;
  readonly resolve: (exchange: Exchange) => void;
}

/** One conversation; any number of cases may be under way. */
export class Conversation {
  readonly #start: (onLine: (line: string) => void) => TextProcess;
  readonly #hear: (line: string) => Heard;
  readonly #boundMs: number;
  #process: TextProcess | undefined;
  #owed: Asked[] = [];
  #said: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isLate = false;

  constructor(start: (onLine: (line: string) => void) => TextProcess, hear: (line: string) => Heard, boundMs: number) {
    this.#start = start;
    this.#hear = hear;
    this.#boundMs = boundMs;
  }

  /** Sends a case, whose last line asks for `barrier`. */
  exchange(bytes: Uint8Array, barrier: string): Promise<Exchange> {
    return new Promise((resolve) => {
      this.#owed.push({ bytes, barrier, resolve });
      if (this.#owed.length === 1) this.#watch();
      if (this.#process) this.#process.write(bytes);
      else this.#begin();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#owed = [];
    await this.#process?.kill();
  }

  #begin(): void {
    const child = this.#start((line) => this.#take(line));
    this.#process = child;
    child.onEnd(() => this.#ended(child));
    for (const { bytes } of this.#owed) child.write(bytes);
  }

  #take(line: string): void {
    const { barrier, complaint } = this.#hear(line);
    if (complaint !== undefined) this.#said.push(complaint);
    if (barrier !== undefined && barrier === this.#owed[0]?.barrier) this.#close('answered', '');
  }

  /** Ends the case that is being answered. */
  #close(end: Exchange['end'], epitaph: string): void {
    const first = this.#owed.shift();
    const said = this.#said;
    this.#said = [];
    this.#watch();
    first?.resolve({ end, said, epitaph });
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#owed.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      void this.#process?.kill();
    }, this.#boundMs);
  }

  #ended(child: TextProcess): void {
    this.#process = undefined;
    const end = this.#isLate ? 'late' : child.endedWell ? 'ended' : 'crashed';
    this.#isLate = false;
    if (this.#owed.length === 0) return;
    this.#close(end, child.epitaph);
    if (this.#owed.length > 0) this.#begin();
  }
}
