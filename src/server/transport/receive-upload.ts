/**
 * The one way in for files that come in chunks. A file is handed on only if its length and its sha256 are what the client
 * said in its first or its last message; however else the messages end, nothing is.
 */

import { createHash } from 'node:crypto';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { startTimer, throwIfAborted, until, type CancelSignal, type StartTimer } from '../../core/signals.js';
import { Spool, type OpenSpoolFile } from './spool.js';

/** Largest chunk, and what every upload counts for at least. */
export const CHUNK = 1024 * 1024;

/** A message of an upload, as far as all of them are alike. */
export interface UploadMessage {
  /** What the file is for, if it has a name; '' if this message does not say it. */
  readonly name?: string;
  readonly chunk: Uint8Array;
  /** Of the whole file; 0 if this message does not say it. */
  readonly sizeBytes: number;
  /** Of the whole file, hexadecimal; '' if this message does not say it. */
  readonly sha256: string;
}

export interface UploadsOptions {
  /** Where chunks wait for the rest of their file. */
  readonly folder: string;
  /** Most bytes of all uploads under way together. */
  readonly maxBytes: number;
  /** An upload that brings nothing for so long is given up. */
  readonly stallMs: number;
  /** The clock of the machine if not given. */
  readonly startTimer?: StartTimer;
  /** A file on disk if not given. */
  readonly openFile?: OpenSpoolFile;
}

export interface ReceiveOptions<Message> {
  /** Largest file taken. */
  readonly maxBytes: number;
  /** Aborts when the client leaves. */
  readonly signal: CancelSignal;
  /** Checks the first message before more is read. */
  readonly begin?: (first: Message) => Promise<void>;
}

/** A whole file. */
export interface Upload<Message> {
  readonly first: Message;
  readonly bytes: Uint8Array;
  /** Frees its place; to be called when the file is stored, or not needed any more. */
  readonly done: () => void;
}

/** The uploads under way. */
export class Uploads {
  readonly #options: UploadsOptions;
  /** Bytes promised, or here if none were. */
  #held = 0;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /**
   * Receives a file to its end.
   *
   * @throws AppError 'invalid-argument' if it is not what was said, 'resource-exhausted' if all uploads together are too
   *   many bytes, 'deadline-exceeded' if nothing comes for long, 'cancelled' if the client leaves; the error of `messages`
   */
  async receive<Message extends UploadMessage>(
    messages: AsyncIterable<Message>,
    { maxBytes, signal, begin }: ReceiveOptions<Message>,
  ): Promise<Upload<Message>> {
    const place = this.#place();
    const spool = new Spool(this.#options.folder, this.#options.openFile);
    const arriving = new Arriving(maxBytes);
    let first: Message | undefined;
    try {
      for await (const message of this.#untilStalled(messages)) {
        if (!first) await begin?.(message);
        first ??= message;
        checkSame('name', message.name && quoted(message.name), first.name && quoted(first.name));
        arriving.take(message);
        place.hold(Math.max(arriving.length, arriving.promised));
        await spool.append(message.chunk);
      }
      // Then this is why the messages ended.
      throwIfAborted(signal);
      check(first !== undefined, 'The upload is empty; its first message must name the file');
      arriving.checkWhole();
      return { first, bytes: await spool.read(), done: place.free };
    } catch (error) {
      place.free();
      throw error;
    } finally {
      // The file has no name: nothing is left of it, and nobody needs to know, if the system cannot close it.
      await spool.close().catch(() => undefined);
    }
  }

  async *#untilStalled<Message extends UploadMessage>(messages: AsyncIterable<Message>): AsyncGenerator<Message, void> {
    const { stallMs, startTimer: start = startTimer } = this.#options;
    const stalled = new AbortController();
    const stop = (): void => {
      const seconds = stallMs / 1000;
      stalled.abort(
        new AppError('deadline-exceeded', `No data came for ${seconds} s; nothing of the upload was stored`),
      );
    };
    let stopTimer = start(stop, stallMs);
    try {
      for await (const message of until(messages, stalled.signal)) {
        if (message.chunk.length > 0) stopTimer();
        yield message;
        if (message.chunk.length > 0) stopTimer = start(stop, stallMs);
      }
    } finally {
      stopTimer();
    }
  }

  #place(): { readonly hold: (bytes: number) => void; readonly free: () => void } {
    let mine = 0;
    const hold = (bytes: number): void => {
      const more = Math.max(CHUNK, bytes) - mine;
      const { maxBytes } = this.#options;
      if (more > 0 && this.#held + more > maxBytes) {
        const seen = `The uploads under way have ${this.#held} of the ${maxBytes} bytes that they may have together`;
        throw new AppError('resource-exhausted', `${seen}; ${more} more do not fit now, try again later`);
      }
      mine += more;
      this.#held += more;
    };
    const free = (): void => {
      this.#held -= mine;
      mine = 0;
    };
    hold(0);
    return { hold, free };
  }
}

/** What has come of one file, and what was said of it. */
class Arriving {
  /** Bytes received so far. */
  length = 0;
  /** Bytes that the whole file has; 0 until that was said. */
  promised = 0;
  readonly #maxBytes: number;
  readonly #hash = createHash('sha256');
  #sha256 = '';

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  take({ chunk, sizeBytes, sha256 }: UploadMessage): void {
    const digest = sha256.toLowerCase();
    check(chunk.length <= CHUNK, () => `A chunk has ${chunk.length} bytes; at most ${CHUNK} are allowed`);
    check(/^([0-9a-f]{64})?$/.test(digest), () => `sha256 is ${quoted(sha256)}; it must be 64 hexadecimal digits`);
    checkSame('size_bytes', sizeBytes, this.promised);
    checkSame('sha256', digest, this.#sha256);
    this.promised ||= sizeBytes;
    this.#sha256 ||= digest;
    this.length += chunk.length;
    const most = this.#maxBytes;
    check(this.promised <= most, () => `size_bytes is ${this.promised}; this server takes ${most}`);
    check(this.length <= most, () => `The file has more than the ${most} bytes that this server takes`);
    check(
      this.promised === 0 || this.length <= this.promised,
      () => `The file that arrived has ${this.length} bytes or more; size_bytes is ${this.promised}`,
    );
    this.#hash.update(chunk);
  }

  checkWhole(): void {
    check(this.length > 0, 'The file is empty');
    check(
      this.promised > 0 && this.#sha256 !== '',
      'The upload does not say its size_bytes and its sha256; the first or the last message must',
    );
    check(
      this.length === this.promised,
      () => `The file that arrived has ${this.length} bytes; size_bytes is ${this.promised}`,
    );
    const seen = this.#hash.digest('hex');
    check(seen === this.#sha256, `The file that arrived has sha256 ${seen}; ${this.#sha256} was promised`);
  }
}

function checkSame<T>(name: string, said: T, before: T): void {
  check(!said || !before || said === before, () => `${name} is ${String(said)}; it was ${String(before)} before`);
}
