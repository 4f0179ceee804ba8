/**
 * Stones, chains and their liberties, kept up to date move by move on typed arrays; nothing is allocated after
 * construction. It knows captures, suicide and the immediate ko; the history that superko needs is `position.ts`'s.
 *
 * Chains are circular lists (`next`) whose stones all name one of them as `head`. Instead of liberties a chain counts
 * pseudo-liberties: pairs of a stone and an empty neighbour. The count is zero exactly when there are no liberties,
 * adding and removing a stone changes it by one a neighbour, and joining chains adds the counts.
 *
 * Everything here is in cells of the bordered layout, see `geometry.ts`.
 */

import { EMPTY, type Color } from './color.js';
import { geometry, type Geometry } from './geometry.js';
import type { ReadonlyBoard } from './readonly-board.js';
import { CHAIN_SUICIDE, KO, LEGAL, OCCUPIED, SUICIDE } from './verdicts.js';

/** A board of one's own. Whoever reads its arrays writes them only through `place`. */
export class Board implements ReadonlyBoard {
  readonly geometry: Geometry;
  /** What stands on each cell: 0, 1, 2, or 3 for the border. */
  readonly stones: Uint8Array;
  /** Colors that have ever been taken off each cell: bit 0 black, bit 1 white. */
  readonly removed: Uint8Array;
  /** For stones: the stone that stands for the whole chain. */
  readonly head: Uint16Array;
  /** For stones: the next stone of the chain. */
  readonly next: Uint16Array;
  /** For heads: pseudo-liberties. Meaningless elsewhere. */
  readonly liberties: Int16Array;
  /** For heads: number of stones. */
  readonly length: Uint16Array;
  /** The empty cells, in no useful order [0 … emptyCount). */
  readonly empties: Uint16Array;
  /** For empty cells: the index in `empties`. */
  readonly #emptyIndex: Uint16Array;
  readonly #bytes: Int32Array;
  /** Number of empty cells. */
  emptyCount = 0;
  /** The cell that may not be played because it would take back a ko at once, or 0. */
  ko = 0;
  /** Zobrist hash of the stones, as two words. */
  hashLow = 0;
  hashHigh = 0;
  /**
   * The cells that each of the last two moves emptied, `capturedCount` of them in each of two lists; the latest move's is
   * `captured[latest]`.
   */
  readonly captured: readonly Uint16Array[];
  readonly capturedCount: number[] = [0, 0];
  latest = 0;
  /** Whether any stone was ever removed; until then only a suicide can repeat a position. */
  hasRemoved = false;

  /** An empty board of 1 to 19 points a side. */
  constructor(size: number) {
    this.geometry = geometry(size);
    const n = this.geometry.cells;
    // One buffer, so that a copy is one call.
    const even = n + (n & 1);
    const bytes = 2 * even + 6 * 2 * even;
    const buffer = new ArrayBuffer((bytes + 3) & ~3);
    let offset = 0;
    const words = (): Uint16Array => new Uint16Array(buffer, (offset += 2 * even) - 2 * even, n);
    this.head = words();
    this.next = words();
    this.length = words();
    this.empties = words();
    this.#emptyIndex = words();
    this.liberties = new Int16Array(buffer, offset, n);
    offset += 2 * even;
    this.stones = new Uint8Array(buffer, offset, n);
    this.removed = new Uint8Array(buffer, offset + even, n);
    this.#bytes = new Int32Array(buffer);
    this.captured = [new Uint16Array(n), new Uint16Array(n)];
    this.clear();
  }

  /** Takes all stones off. */
  clear(): void {
    const { emptyStones, cellOf, points } = this.geometry;
    this.#bytes.fill(0);
    this.stones.set(emptyStones);
    for (let i = 0; i < points; i++) {
      this.empties[i] = cellOf[i]!;
      this.#emptyIndex[cellOf[i]!] = i;
    }
    this.emptyCount = points;
    this.ko = this.hashLow = this.hashHigh = 0;
    this.hasRemoved = false;
    this.capturedCount.fill(0);
  }

  /** Becomes a copy of `other`, a board of the same size. */
  copyFrom(other: Board): void {
    this.#bytes.set(other.#bytes);
    this.emptyCount = other.emptyCount;
    this.ko = other.ko;
    this.hashLow = other.hashLow;
    this.hashHigh = other.hashHigh;
    this.hasRemoved = other.hasRemoved;
    this.latest = other.latest;
    for (let list = 0; list < 2; list++) {
      const count = other.capturedCount[list]!;
      this.capturedCount[list] = count;
      // Most moves take nothing.
      for (let i = 0; i < count; i++) this.captured[list]![i] = other.captured[list]![i]!;
    }
  }

  /** Notes a move that leaves the stones as they are. */
  pass(): void {
    this.ko = 0;
    this.latest ^= 1;
    this.capturedCount[this.latest] = 0;
  }

  /** What speaks against `color` playing at `cell`, repetition beyond the immediate ko apart. */
  verdict(cell: number, color: Color): number {
    const { stones } = this;
    if (stones[cell] !== EMPTY) return OCCUPIED;
    const stride = this.geometry.stride;
    const up = stones[cell - stride]!;
    const left = stones[cell - 1]!;
    const right = stones[cell + 1]!;
    const down = stones[cell + stride]!;
    if (up === EMPTY || left === EMPTY || right === EMPTY || down === EMPTY) return LEGAL;
    if (cell === this.ko) return KO;
    if (this.#breathes(cell, color)) return LEGAL;
    return up === color || left === color || right === color || down === color ? CHAIN_SUICIDE : SUICIDE;
  }

  /** As `verdict` for a stone that is set up, not played: `SUICIDE` if any chain, of either color, would be left without liberty. */
  verdictWithoutCapture(cell: number, color: Color): number {
    const { stones, head, liberties } = this;
    const stride = this.geometry.stride;
    let breathes = false;
    let takes = false;
    this.#shift(cell, -1);
    for (const neighbour of [cell - stride, cell - 1, cell + 1, cell + stride]) {
      const stone = stones[neighbour]!;
      if (stone === EMPTY) breathes = true;
      else if (stone === color) breathes ||= liberties[head[neighbour]!] !== 0;
      else if (stone < 3) takes ||= liberties[head[neighbour]!] === 0;
    }
    this.#shift(cell, 1);
    return breathes && !takes ? LEGAL : SUICIDE;
  }

  /**
   * Puts a stone on an empty cell, takes what it captures (or itself, if it captures nothing and has no liberty) and
   * notes the ko. The caller has made sure that it is legal.
   */
  place(cell: number, color: Color): void {
    const { stones, head, liberties, geometry } = this;
    const stride = geometry.stride;
    const enemy = (3 - color) as Color;
    this.latest ^= 1;
    this.capturedCount[this.latest] = 0;
    this.#leaveEmpties(cell);
    stones[cell] = color;
    head[cell] = cell;
    this.next[cell] = cell;
    this.length[cell] = 1;
    this.#toggleKey(cell, color);
    // First every neighbouring chain loses a liberty, then the own ones join, then the enemy's without any are taken.
    let own = 0;
    let free = 0;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === EMPTY) free++;
      else if (stone < 3) {
        liberties[head[neighbour]!]!--;
        if (stone === color) own++;
      }
    }
    liberties[cell] = free;
    let taken = 0;
    let takenCell = 0;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === color) this.#join(cell, neighbour);
      else if (stone === enemy && liberties[head[neighbour]!] === 0) {
        taken += this.#remove(neighbour);
        takenCell = neighbour;
      }
    }
    this.ko = taken === 1 && own === 0 && liberties[cell] === 1 ? takenCell : 0;
    if (taken === 0 && free === 0 && liberties[head[cell]] === 0) this.#remove(cell);
  }

  /**
   * The hash that the board would have after `color` plays at `cell`, a legal play. Writes it to `out[0]` (low) and
   * `out[1]` (high).
   */
  hashAfter(cell: number, color: Color, out: Int32Array): void {
    const { stones, head, liberties, geometry } = this;
    const stride = geometry.stride;
    const key = color === 1 ? cell : geometry.cells + cell;
    out[0] = this.hashLow ^ geometry.keysLow[key]!;
    out[1] = this.hashHigh ^ geometry.keysHigh[key]!;
    const neighbours = [cell - stride, cell - 1, cell + 1, cell + stride];
    let open = false;
    for (const n of neighbours) if (stones[n] === EMPTY) open = true;
    this.#shift(cell, -1);
    let takes = false;
    let breathes = open;
    for (let i = 0; i < 4; i++) {
      const n = neighbours[i]!;
      const stone = stones[n]!;
      if (stone === 0 || stone === 3) continue;
      if (liberties[head[n]!] !== 0) {
        if (stone === color) breathes = true;
      } else if (stone !== color) {
        takes = true;
        if (this.#isFirst(neighbours, i)) this.#toggleChain(n, out);
      }
    }
    if (!takes && !breathes) {
      out[0] ^= geometry.keysLow[key]!;
      out[1] ^= geometry.keysHigh[key]!;
      for (let i = 0; i < 4; i++) {
        if (stones[neighbours[i]!] === color && this.#isFirst(neighbours, i)) this.#toggleChain(neighbours[i]!, out);
      }
    }
    this.#shift(cell, 1);
  }

  /** Whether a stone of `color` on `cell`, which has no empty neighbour, would capture or keep a liberty. */
  #breathes(cell: number, color: Color): boolean {
    const { stones, head, liberties } = this;
    const stride = this.geometry.stride;
    this.#shift(cell, -1);
    let breathes = false;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === 3) continue;
      if ((liberties[head[neighbour]!] === 0) !== (stone === color)) {
        breathes = true;
        break;
      }
    }
    this.#shift(cell, 1);
    return breathes;
  }

  /** Adds `by` to the pseudo-liberties of the chains around `cell`, once for every neighbouring stone. */
  #shift(cell: number, by: number): void {
    // Empty and border cells name no chain: their head is stale or 0, so they must be skipped.
    const { stones, head, liberties } = this;
    const stride = this.geometry.stride;
    const up = cell - stride;
    const down = cell + stride;
    if ((stones[up]! + 1) & 2) liberties[head[up]!]! += by;
    if ((stones[cell - 1]! + 1) & 2) liberties[head[cell - 1]!]! += by;
    if ((stones[cell + 1]! + 1) & 2) liberties[head[cell + 1]!]! += by;
    if ((stones[down]! + 1) & 2) liberties[head[down]!]! += by;
  }

  /** Joins the chains of two stones of one color; the shorter one is renamed. */
  #join(a: number, b: number): void {
    const { head, next, length, liberties } = this;
    let keep = head[a]!;
    let drop = head[b]!;
    if (keep === drop) return;
    if (length[keep]! < length[drop]!) [keep, drop] = [drop, keep];
    liberties[keep]! += liberties[drop]!;
    length[keep]! += length[drop]!;
    let stone = drop;
    do {
      head[stone] = keep;
      stone = next[stone]!;
    } while (stone !== drop);
    const after = next[keep]!;
    next[keep] = next[drop]!;
    next[drop] = after;
  }

  /** Takes the chain of `start` off the board; returns the number of stones. */
  #remove(start: number): number {
    const { stones, next, removed } = this;
    const color = stones[start] as Color;
    const captured = this.captured[this.latest]!;
    let listed = this.capturedCount[this.latest]!;
    let count = 0;
    let cell = start;
    do {
      stones[cell] = EMPTY;
      captured[listed++] = cell;
      removed[cell]! |= color;
      this.#toggleKey(cell, color);
      this.#emptyIndex[cell] = this.emptyCount;
      this.empties[this.emptyCount++] = cell;
      // Stones of this chain that are still to go get liberties too; nobody reads those.
      this.#shift(cell, 1);
      count++;
      cell = next[cell]!;
    } while (cell !== start);
    this.capturedCount[this.latest] = listed;
    this.hasRemoved = true;
    return count;
  }

  #leaveEmpties(cell: number): void {
    const index = this.#emptyIndex[cell]!;
    const last = this.empties[--this.emptyCount]!;
    this.empties[index] = last;
    this.#emptyIndex[last] = index;
  }

  #toggleKey(cell: number, color: Color): void {
    const { keysLow, keysHigh, cells } = this.geometry;
    const key = color === 1 ? cell : cells + cell;
    this.hashLow ^= keysLow[key]!;
    this.hashHigh ^= keysHigh[key]!;
  }

  #toggleChain(start: number, out: Int32Array): void {
    const { keysLow, keysHigh, cells } = this.geometry;
    const base = this.stones[start] === 1 ? 0 : cells;
    let cell = start;
    do {
      out[0]! ^= keysLow[base + cell]!;
      out[1]! ^= keysHigh[base + cell]!;
      cell = this.next[cell]!;
    } while (cell !== start);
  }

  /** Whether no earlier neighbour belongs to the same chain as neighbour `i`, a stone. */
  #isFirst(neighbours: readonly number[], i: number): boolean {
    const head = this.head[neighbours[i]!]!;
    for (let j = 0; j < i; j++) {
      const n = neighbours[j]!;
      if (this.stones[n] === this.stones[neighbours[i]!] && this.head[n] === head) return false;
    }
    return true;
  }
}
