/**
 * A board for reading ahead: plays and takes back. It knows nothing but stones and the immediate ko; chains are looked at
 * when they are asked about, which is cheap for the few that a ladder concerns. In cells, see `geometry.ts`.
 */

import { Chains, MOST_CELLS } from './chains.js';
import { EMPTY, type Color } from './color.js';
import { BORDER, geometry, type Geometry, type ReadonlyNumbers } from './geometry.js';

/** One board, loaded with position after position. */
export class ReadingBoard {
  #geometry: Geometry = geometry(1);
  /** What stands on each cell; written only by `load`, `play` and `undo`. */
  readonly stones = new Uint8Array(MOST_CELLS);
  /** The cell that may not be played because it would take back a ko at once, or 0. */
  ko = 0;
  /** The liberties that `liberties` found. */
  readonly found = new Uint16Array(MOST_CELLS);
  /** The stones that `chain` found. */
  readonly #chain = new Uint16Array(361);
  readonly #queue = new Uint16Array(361);
  // A cell is marked while it holds the newest number.
  readonly #marked = new Uint32Array(MOST_CELLS);
  #mark = 0;
  /** Enemy stones that `captures` has looked at, marked in the same way. */
  readonly #seen = new Uint32Array(MOST_CELLS);
  /** For every play: the cells it emptied, how many these are, the cell played, the ko before. */
  readonly #plays = new Uint16Array(8192);
  #playsEnd = 0;

  /** What was loaded, to be read only. */
  #loaded: ReadonlyNumbers = this.stones;
  #chains = new Chains();
  /** For heads of loaded chains: how many of the chain's liberties were played on. */
  readonly #lost = new Uint8Array(MOST_CELLS);
  /** How often a stone of each cell was taken. */
  readonly #taken = new Uint8Array(MOST_CELLS);

  /**
   * Takes over a position, whose stones and chains must stay as they are while it is read.
   *
   * @param ko the cell that may not be played, or 0
   */
  load(board: Geometry, stones: ReadonlyNumbers, chains: Chains, ko: number): void {
    this.#geometry = board;
    for (let cell = 0; cell < board.cells; cell++) this.stones[cell] = stones[cell]!;
    this.#loaded = stones;
    this.#chains = chains;
    this.ko = ko;
    this.#playsEnd = 0;
    this.#lost.fill(0, 0, board.cells);
    this.#taken.fill(0, 0, board.cells);
  }

  /** Whether the stone at `cell` was there when the position was loaded. */
  #isLoaded(cell: number): boolean {
    return this.#loaded[cell] !== EMPTY && this.#taken[cell] === 0;
  }

  /**
   * True only if the chain at `cell` has `least` liberties or more, for certain and at once: a play on a liberty of a chain
   * leaves it all others, and no other play takes one.
   */
  #surelyHas(cell: number, least: number): boolean {
    if (!this.#isLoaded(cell)) return false;
    const { head, liberties } = this.#chains;
    const chain = head[cell]!;
    return liberties[chain]! - this.#lost[chain]! >= least;
  }

  /** Counts a play on `cell`, or takes back the count: `by` is 1 or −1. */
  #countLost(cell: number, by: number): void {
    const { stones } = this;
    const { head } = this.#chains;
    const stride = this.#geometry.stride;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      // A chain that meets the cell twice is counted twice, which errs on the safe side.
      if (stone !== EMPTY && stone !== BORDER && this.#isLoaded(neighbour)) this.#lost[head[neighbour]!]! += by;
    }
  }

  /** True only if `color` playing at `cell` makes a chain of `least` liberties or more, for certain and at once. */
  surelyHasAfter(cell: number, color: Color, least: number): boolean {
    if (this.emptyNeighbours(cell) >= least) return true;
    const { stones } = this;
    const stride = this.#geometry.stride;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      if (stones[neighbour] === color && this.#surelyHas(neighbour, least + 1)) return true;
    }
    return false;
  }

  /** Counts the liberties of the chain at `cell` up to `most`, and lists them in `found`. */
  liberties(cell: number, most: number): number {
    const { stones, found } = this;
    const queue = this.#queue;
    const marked = this.#marked;
    const stride = this.#geometry.stride;
    const color = stones[cell]!;
    const mark = ++this.#mark;
    let length = 1;
    let count = 0;
    queue[0] = cell;
    marked[cell] = mark;
    for (let next = 0; next < length; next++) {
      const at = queue[next]!;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? at - stride : i === 1 ? at - 1 : i === 2 ? at + 1 : at + stride;
        if (marked[neighbour] === mark) continue;
        const stone = stones[neighbour]!;
        if (stone === color) {
          marked[neighbour] = mark;
          queue[length++] = neighbour;
        } else if (stone === EMPTY) {
          marked[neighbour] = mark;
          found[count++] = neighbour;
          if (count === most) return count;
        }
      }
    }
    return count;
  }

  /** Lists in `out` from `offset` the moves that take a chain beside the chain at `cell`; returns how many. */
  captures(cell: number, out: Uint16Array, offset: number): number {
    const { stones } = this;
    const stride = this.#geometry.stride;
    const enemy = 3 - stones[cell]!;
    const length = this.#findChain(cell);
    const seen = this.#seen;
    const look = this.#mark;
    let count = 0;
    for (let next = 0; next < length; next++) {
      const at = this.#chain[next]!;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? at - stride : i === 1 ? at - 1 : i === 2 ? at + 1 : at + stride;
        if (stones[neighbour] !== enemy) continue;
        const chain = this.#isLoaded(neighbour) ? this.#chains.head[neighbour]! : neighbour;
        if (seen[chain] === look) continue;
        seen[chain] = look;
        // Most stones have two liberties of their own, which is quickly seen.
        if (this.#surelyHas(neighbour, 2) || this.emptyNeighbours(neighbour) > 1) continue;
        if (this.liberties(neighbour, 2) !== 1) continue;
        const move = this.found[0]!;
        let listed = false;
        for (let j = 0; j < count; j++) listed ||= out[offset + j] === move;
        if (!listed) out[offset + count++] = move;
      }
    }
    return count;
  }

  emptyNeighbours(cell: number): number {
    const { stones } = this;
    const stride = this.#geometry.stride;
    let count = 0;
    if (stones[cell - stride] === EMPTY) count++;
    if (stones[cell - 1] === EMPTY) count++;
    if (stones[cell + 1] === EMPTY) count++;
    if (stones[cell + stride] === EMPTY) count++;
    return count;
  }

  /** Whether two cells are neighbours. */
  areNeighbours(a: number, b: number): boolean {
    const distance = Math.abs(a - b);
    return distance === 1 || distance === this.#geometry.stride;
  }

  /** Whether `color` playing at `cell`, an empty one, would take one stone, be alone and have no liberty but the stone's. */
  isKoCapture(cell: number, color: Color): boolean {
    const { stones } = this;
    const stride = this.#geometry.stride;
    let taken = 0;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === EMPTY || stone === color) return false;
      if (stone !== 3 - color || this.liberties(neighbour, 2) !== 1) continue;
      if (taken !== 0) return false;
      taken = neighbour;
    }
    return taken !== 0 && this.#findChain(taken) === 1;
  }

  /** Whether `color` may play at `cell`; suicide is never allowed, since it neither takes nor gives a liberty. */
  isLegal(cell: number, color: Color): boolean {
    const { stones } = this;
    if (stones[cell] !== EMPTY || cell === this.ko) return false;
    if (this.emptyNeighbours(cell) > 0) return true;
    const stride = this.#geometry.stride;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === BORDER) continue;
      // An own chain must have another liberty, an enemy's none.
      const hasOther = this.#surelyHas(neighbour, 2) || this.liberties(neighbour, 2) > 1;
      if ((stone === color) === hasOther) return true;
    }
    return false;
  }

  /** Plays a legal move. */
  play(cell: number, color: Color): void {
    const { stones } = this;
    const plays = this.#plays;
    const stride = this.#geometry.stride;
    const start = this.#playsEnd;
    this.#countLost(cell, 1);
    stones[cell] = color;
    let alone = true;
    for (let i = 0; i < 4; i++) {
      const neighbour = i === 0 ? cell - stride : i === 1 ? cell - 1 : i === 2 ? cell + 1 : cell + stride;
      const stone = stones[neighbour]!;
      if (stone === color) alone = false;
      if (stone !== 3 - color || this.#surelyHas(neighbour, 1) || this.liberties(neighbour, 1) > 0) continue;
      const length = this.#findChain(neighbour);
      for (let next = 0; next < length; next++) {
        const taken = this.#chain[next]!;
        stones[taken] = EMPTY;
        this.#taken[taken]!++;
        plays[this.#playsEnd++] = taken;
      }
    }
    const count = this.#playsEnd - start;
    plays[this.#playsEnd++] = count;
    plays[this.#playsEnd++] = cell;
    plays[this.#playsEnd++] = this.ko;
    this.ko = count === 1 && alone && this.emptyNeighbours(cell) === 1 ? plays[start]! : 0;
  }

  /** Takes back the latest play. */
  undo(): void {
    const { stones } = this;
    const plays = this.#plays;
    this.ko = plays[--this.#playsEnd]!;
    const cell = plays[--this.#playsEnd]!;
    let count = plays[--this.#playsEnd]!;
    const enemy = 3 - stones[cell]!;
    stones[cell] = EMPTY;
    while (count-- > 0) {
      const taken = plays[--this.#playsEnd]!;
      stones[taken] = enemy;
      this.#taken[taken]!--;
    }
    this.#countLost(cell, -1);
  }

  /** Lists the stones of the chain at `cell` in `#chain`; returns how many. */
  #findChain(cell: number): number {
    const { stones } = this;
    const chain = this.#chain;
    const marked = this.#marked;
    const stride = this.#geometry.stride;
    const color = stones[cell]!;
    const mark = ++this.#mark;
    let length = 1;
    chain[0] = cell;
    marked[cell] = mark;
    for (let next = 0; next < length; next++) {
      const at = chain[next]!;
      for (let i = 0; i < 4; i++) {
        const neighbour = i === 0 ? at - stride : i === 1 ? at - 1 : i === 2 ? at + 1 : at + stride;
        if (stones[neighbour] !== color || marked[neighbour] === mark) continue;
        marked[neighbour] = mark;
        chain[length++] = neighbour;
      }
    }
    return length;
  }
}
