/** Small games with known answers, for testing the search without Go. */

import type { Evaluation } from '../../src/search/evaluator.js';

/** One heap; a move takes 1 to 3; whoever takes the last one wins. Lost for the mover iff the heap is a multiple of 4. */
export class Nim {
  readonly actionCount = 3;
  heap: number;
  toMove = 1;

  constructor(heap: number) {
    this.heap = heap;
  }
  get isOver(): boolean {
    return this.heap === 0;
  }
  legal(out: Uint8Array): number {
    let count = 0;
    for (let a = 0; a < 3; a++) count += out[a] = a < this.heap ? 1 : 0;
    return count;
  }
  play(action: number): void {
    if (action >= this.heap) throw new Error(`cannot take ${action + 1} of ${this.heap}`);
    this.heap -= action + 1;
    this.toMove = 3 - this.toMove;
  }
  terminalValue(): number {
    return -1;
  }
  clone(): this {
    const copy = new Nim(this.heap);
    copy.copyFrom(this);
    return copy as this;
  }
  copyFrom(other: Nim): void {
    this.heap = other.heap;
    this.toMove = other.toMove;
  }
}

const lines = ['012', '345', '678', '036', '147', '258', '048', '246'].map((line) => Array.from(line, Number));

/** Noughts and crosses: a draw with good play. Cells 0–8, players 1 and 2. */
export class TicTacToe {
  readonly actionCount = 9;
  toMove = 1;
  cells = new Uint8Array(9);

  /** @param moves cells played so far, in order */
  constructor(moves: readonly number[] = []) {
    for (const move of moves) this.play(move);
  }
  get isOver(): boolean {
    return this.#isWon() || !this.cells.includes(0);
  }
  #isWon(): boolean {
    return lines.some(([a, b, c]) => {
      const owner = this.cells[a!]!;
      return owner !== 0 && owner === this.cells[b!] && owner === this.cells[c!];
    });
  }
  legal(out: Uint8Array): number {
    let count = 0;
    for (let a = 0; a < 9; a++) count += out[a] = this.cells[a] === 0 ? 1 : 0;
    return count;
  }
  play(action: number): void {
    if (this.cells[action] !== 0) throw new Error(`cell ${action} is taken`);
    this.cells[action] = this.toMove;
    this.toMove = 3 - this.toMove;
  }
  terminalValue(): number {
    return this.#isWon() ? -1 : 0;
  }
  clone(): this {
    const copy = new TicTacToe();
    copy.copyFrom(this);
    return copy as this;
  }
  copyFrom(other: TicTacToe): void {
    this.cells.set(other.cells);
    this.toMove = other.toMove;
  }
}

/** One move, then the game is over and the mover has the value of its arm. */
export class Bandit {
  readonly actionCount: number;
  readonly arms: readonly number[];
  toMove = 1;
  pulled = -1;

  constructor(arms: readonly number[]) {
    this.arms = arms;
    this.actionCount = arms.length;
  }
  get isOver(): boolean {
    return this.pulled >= 0;
  }
  legal(out: Uint8Array): number {
    out.fill(1);
    return this.actionCount;
  }
  play(action: number): void {
    this.pulled = action;
    this.toMove = 3 - this.toMove;
  }
  terminalValue(): number {
    return -(this.arms[this.pulled] ?? 0);
  }
  clone(): this {
    const copy = new Bandit(this.arms);
    copy.copyFrom(this);
    return copy as this;
  }
  copyFrom(other: Bandit): void {
    this.pulled = other.pulled;
    this.toMove = other.toMove;
  }
}

/** Knows nothing: equal logits, value 0. */
export function uniform(positions: readonly { readonly actionCount: number }[]): Evaluation[] {
  return positions.map(({ actionCount }) => ({ logits: new Float32Array(actionCount), value: 0 }));
}

/** A fixed but position-dependent opinion of tic-tac-toe, so that trees are irregular yet reproducible. */
export function opinionated(positions: readonly TicTacToe[]): Evaluation[] {
  return positions.map((position) => {
    let hash = position.toMove;
    for (const cell of position.cells) hash = (Math.imul(hash, 0x9e3779b1) + cell) >>> 0;
    const logits = Float32Array.from({ length: 9 }, (_, a) => ((Math.imul(hash, a + 1) >>> 8) % 1000) / 400);
    return { logits, value: ((hash >>> 4) % 1000) / 1000 - 0.5 };
  });
}
