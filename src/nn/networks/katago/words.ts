/**
 * The text of a KataGo file: words between white space, and arrays of weights, either as words too or as `@BIN@` and
 * little-endian float32. Never allocates more than the file's own length asks for.
 */

import { AppError, check } from '../../../core/errors.js';

/** No name or number is longer, in characters. */
const MAX_WORD = 256;
const BINARY = '@BIN@';

/** Reads a file from its beginning. Every error names the byte at which it was noticed, and shows small numbers at most. */
export class WordReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws AppError 'invalid-argument', saying where */
  fail(message: string): never {
    throw new AppError('invalid-argument', `The KataGo network is broken at byte ${this.#at}: ${message}`);
  }

  /** The next word; `what` names it in messages. */
  word(what: string): string {
    this.#skipSpace();
    const start = this.#at;
    let end = start;
    while (end < this.#bytes.length && !isSpace(this.#bytes[end]!) && end - start <= MAX_WORD) end++;
    if (end === start) this.fail(`the file ends where ${what} should be`);
    if (end - start > MAX_WORD) this.fail(`${what} has more than ${MAX_WORD} characters`);
    this.#at = end;
    return text(this.#bytes, start, end);
  }

  /** A whole number. */
  whole(what: string, min: number, max: number): number {
    const start = this.#here();
    const word = this.word(what);
    const value = Number(word);
    if (/^[+-]?\d+$/.test(word) && value >= min && value <= max) return value;
    this.#at = start;
    const seen = /^[+-]?\d{1,7}$/.test(word) ? word : 'no number';
    this.fail(`${what} is ${seen}; it must be a whole number from ${min} to ${max}`);
  }

  /** A finite number. */
  number(what: string): number {
    const start = this.#here();
    const word = this.word(what);
    const value = Number(word);
    if (Number.isFinite(value)) return value;
    this.#at = start;
    this.fail(`${what} is no finite number`);
  }

  /** `count` weights of the layer called `layer`; an array of its own. */
  floats(layer: string, count: number): Float32Array {
    const start = this.#here();
    const isBinary = this.#bytes[start] === BINARY.charCodeAt(0);
    if (isBinary) this.#expectMark(layer);
    const left = this.#bytes.length - this.#at;
    // A weight in words takes at least a digit and a space.
    const room = isBinary ? Math.floor(left / 4) : Math.ceil(left / 2);
    if (count > room) this.fail(`layer '${layer}' has ${count} weights; the ${left} bytes left hold at most ${room}`);
    const values = isBinary ? this.#binary(count) : this.#words(layer, count);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return values;
    this.#at = start;
    this.fail(`layer '${layer}' holds ${String(values[bad])} as weight ${bad} of ${count}`);
  }

  /** Checks that nothing but white space is left. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#bytes.length) this.fail(`${this.#bytes.length - this.#at} bytes follow the last layer`);
  }

  #binary(count: number): Float32Array {
    // A copy, hence aligned; typed arrays are little-endian on every platform that Node supports.
    const bytes = Uint8Array.from(this.#bytes.subarray(this.#at, this.#at + 4 * count));
    this.#at += 4 * count;
    return new Float32Array(bytes.buffer);
  }

  #words(layer: string, count: number): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const word = this.word(`weight ${i} of ${count} of layer '${layer}'`);
      values[i] = /^[+-]?(nan|inf)/i.test(word) ? NaN : Number(word);
    }
    return values;
  }

  #expectMark(layer: string): void {
    const end = this.#at + BINARY.length;
    const seen = text(this.#bytes, this.#at, Math.min(end, this.#bytes.length));
    if (seen !== BINARY) this.fail(`the weights of layer '${layer}' do not begin with '${BINARY}'`);
    this.#at = end;
  }

  #here(): number {
    this.#skipSpace();
    return this.#at;
  }

  #skipSpace(): void {
    while (this.#at < this.#bytes.length && isSpace(this.#bytes[this.#at]!)) this.#at++;
  }
}

/** Writes a file whose weights are binary. */
export class WordWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Names and numbers, one a line. */
  words(words: readonly (string | number)[]): void {
    for (const word of words) this.#add(new TextEncoder().encode(`${word}\n`));
  }

  /** Weights; kept, not copied, until `finish`. */
  floats(values: Float32Array): void {
    this.#add(new TextEncoder().encode(BINARY));
    this.#add(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#add(new TextEncoder().encode('\n'));
  }

  /** The whole file. */
  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

/** KataGo takes names of these characters only, because it makes file names of them. */
export function checkKatagoName(name: string): string {
  check(
    /^[A-Za-z0-9_-]{1,96}$/.test(name),
    "The name of a KataGo network must be 1 to 96 letters, digits, '-' and '_'",
  );
  return name;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
