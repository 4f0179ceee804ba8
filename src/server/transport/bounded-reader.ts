/** Reads what was sent until reading has cost enough: the main thread must not compute as long as somebody's bytes want. */

import { BinaryReader } from '@bufbuild/protobuf/wire';

/** What reading costs: 1 for a number of 32 bits, some 20 ns. A field may hold a message, which is made with all its fields. */
const COST = { field: 16, float: 2, long: 4 } as const;
/** What one message may cost on the main thread: some 5 ms, or 20 of nothing but messages. */
const MOST = 400_000;

/** A reader that throws once a message has cost more than it may; texts and bytes cost nothing but their field. */
export class BoundedReader extends BinaryReader {
  #left = MOST;

  /** @param decodeText reads UTF-8 */
  constructor(bytes: Uint8Array, decodeText: (bytes: Uint8Array) => string) {
    super(bytes, decodeText);
    // A function of each object, which a method of this class would not replace.
    const { uint32 } = this;
    this.uint32 = () => {
      this.#spend(1);
      return uint32.call(this);
    };
  }

  override tag(): [number, number] {
    this.#spend(COST.field);
    return super.tag();
  }

  override bool(): boolean {
    this.#spend(1);
    return super.bool();
  }

  override float(): number {
    this.#spend(COST.float);
    return super.float();
  }

  override double(): number {
    this.#spend(COST.float);
    return super.double();
  }

  override int64(): bigint | string {
    this.#spend(COST.long);
    return super.int64();
  }

  override uint64(): bigint | string {
    this.#spend(COST.long);
    return super.uint64();
  }

  #spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0)
      throw new Error(
        `it has more fields and numbers than the call takes, some ${MOST / COST.field} fields or ${MOST} numbers`,
      );
  }
}

/** The first entries of a message's list that are read at all, whatever else the message holds. */
export interface ListBound {
  /** Number of the list's field. */
  readonly field: number;
  readonly entries: number;
}

/** @throws Error if a list of messages has more entries than its bound; no entry is read for it */
export function checkList(bytes: Uint8Array, { field, entries }: ListBound): void {
  // An entry has two bytes at least.
  if (bytes.length <= 2 * entries) return;
  const reader = new BinaryReader(bytes);
  let left = entries;
  while (reader.pos < bytes.length) {
    const [number, type] = reader.tag();
    if (number === field && left-- === 0) throw new Error(`it has more than ${entries} entries in field ${field}`);
    reader.skip(type, number);
  }
}
