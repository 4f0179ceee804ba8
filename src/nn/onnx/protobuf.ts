/**
 * Writes protocol-buffer messages, just what an ONNX model needs: varints, floats, bytes and nested messages.
 * https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Builds one message field by field, in the order of the calls. */
export class MessageWriter {
  readonly #chunks: Uint8Array[] = [];
  #pending: number[] = [];
  #length = 0;

  /** A whole number field (int32, int64, enum); negative values are written as 64-bit two's complement. */
  int(field: number, value: number): this {
    this.#varint(BigInt(field * 8 + VARINT));
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.#varint(BigInt(field * 8 + FIXED32));
    this.#pending.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  /** A text field. */
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A bytes field; `value` is kept, not copied, until `finish`. */
  bytes(field: number, value: Uint8Array): this {
    this.#varint(BigInt(field * 8 + LENGTH_DELIMITED));
    this.#varint(BigInt(value.length));
    this.#flush();
    this.#chunks.push(value);
    this.#length += value.length;
    return this;
  }

  /** A nested message field. */
  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  /** The bytes of the whole message. */
  finish(): Uint8Array {
    this.#flush();
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  #varint(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.#pending.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#pending.push(Number(rest));
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const chunk = Uint8Array.from(this.#pending);
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#pending = [];
  }
}
