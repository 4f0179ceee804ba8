/**
 * Ladders of boards that were read lately. A search evaluates the children of a position one after the other, and every one of
 * them shows the ladders of the same two boards before it.
 */

import { MOST_CELLS, type Chains } from './chains.js';
import type { Geometry } from './geometry.js';
import { LadderReader } from './ladders.js';

/** Boards kept; a power of two. Each takes three arrays of cells: together a third of a mebibyte. */
const ENTRIES = 256;

/** What is known of one board. */
interface Entry {
  /** The board, with `ko` and the size; an entry that was never written has size 0. */
  readonly stones: Uint8Array;
  size: number;
  ko: number;
  readonly taken: Uint8Array;
  readonly starts: Uint8Array;
}

/** Reads ladders, or remembers them. */
export class LadderMemo {
  readonly #reader = new LadderReader();
  readonly #entries = Array.from({ length: ENTRIES }, emptyEntry);

  /**
   * The ladders of a board: `taken` and `starts` as in `LadderReader`, not to be changed, valid until the next `read`.
   *
   * @param stones [cells]
   * @param chains gives the chains of the board; called only if the board has to be read
   */
  read(
    board: Geometry,
    stones: Uint8Array,
    chains: () => Chains,
    ko: number,
  ): { readonly taken: Uint8Array; readonly starts: Uint8Array } {
    const { cells, size } = board;
    const entry = this.#entries[hash(stones, cells, ko)]!;
    if (entry.size === size && entry.ko === ko && isEqual(entry.stones, stones, cells)) return entry;
    this.#reader.read(board, stones, chains(), ko);
    entry.size = size;
    entry.ko = ko;
    entry.stones.set(stones);
    entry.taken.set(this.#reader.taken);
    entry.starts.set(this.#reader.starts);
    return entry;
  }
}

function emptyEntry(): Entry {
  const cells = (): Uint8Array => new Uint8Array(MOST_CELLS);
  return { stones: cells(), size: 0, ko: 0, taken: cells(), starts: cells() };
}

/** FNV-1a of the stones, in 32 bits, folded to the number of entries. */
function hash(stones: Uint8Array, cells: number, ko: number): number {
  let sum = 0x811c9dc5 ^ ko;
  for (let cell = 0; cell < cells; cell++) sum = Math.imul(sum ^ stones[cell]!, 0x01000193);
  return ((sum >>> 16) ^ sum) & (ENTRIES - 1);
}

function isEqual(one: Uint8Array, other: Uint8Array, cells: number): boolean {
  for (let cell = 0; cell < cells; cell++) if (one[cell] !== other[cell]) return false;
  return true;
}
