/**
 * Go written the slow and obvious way, straight from the Tromp–Taylor rules: the judge of the fast board. Positions are
 * strings of `.XO`, history is the list of them.
 */

import type { KoRule } from '../../src/go/rules.js';

const neighbours = (size: number, point: number): number[] => {
  const row = Math.floor(point / size);
  const column = point % size;
  return [
    ...(row > 0 ? [point - size] : []),
    ...(row < size - 1 ? [point + size] : []),
    ...(column > 0 ? [point - 1] : []),
    ...(column < size - 1 ? [point + 1] : []),
  ];
};

/** The points connected to `start` through what stands on it, and everything else that they touch. */
function region(size: number, stones: readonly string[], start: number): { points: Set<number>; border: Set<string> } {
  const points = new Set([start]);
  const border = new Set<string>();
  for (const point of points) {
    for (const next of neighbours(size, point)) {
      if (stones[next] === stones[start]) points.add(next);
      else border.add(stones[next]!);
    }
  }
  return { points, border };
}

/** The number of different empty points that a chain touches. */
export function countLiberties(size: number, stones: readonly string[], start: number): number {
  const { points } = region(size, stones, start);
  const free = [...points].flatMap((point) => neighbours(size, point)).filter((point) => stones[point] === '.');
  return new Set(free).size;
}

export class PlainGo {
  stones: string[];
  toMove: 'X' | 'O' = 'X';
  /** Positions with the side to move. */
  readonly history: { stones: string; toMove: string }[] = [];
  #koPoint = -1;
  readonly size: number;
  readonly #ko: KoRule;
  readonly #suicide: boolean;

  constructor(size: number, ko: KoRule, suicide: boolean) {
    this.size = size;
    this.#ko = ko;
    this.#suicide = suicide;
    this.stones = Array.from({ length: size * size }, () => '.');
    this.#remember();
  }

  /** The stones after a play, or undefined if it is illegal. */
  after(point: number): { stones: string[]; koPoint: number } | undefined {
    if (this.stones[point] !== '.') return undefined;
    const enemy = this.toMove === 'X' ? 'O' : 'X';
    const stones = this.stones.slice();
    stones[point] = this.toMove;
    const taken: number[] = [];
    for (const next of neighbours(this.size, point)) {
      if (stones[next] !== enemy) continue;
      const chain = region(this.size, stones, next);
      if (!chain.border.has('.')) for (const stone of chain.points) taken.push(stone);
      if (!chain.border.has('.')) for (const stone of chain.points) stones[stone] = '.';
    }
    const own = region(this.size, stones, point);
    if (!own.border.has('.')) {
      if (!this.#suicide || own.points.size === 1) return undefined;
      for (const stone of own.points) stones[stone] = '.';
    }
    const text = stones.join('');
    const repeats = this.history.some(
      (seen) => seen.stones === text && (this.#ko === 'positional' || seen.toMove === enemy),
    );
    if (this.#ko === 'simple' ? point === this.#koPoint : repeats) return undefined;
    const inKo = taken.length === 1 && own.points.size === 1 && countLiberties(this.size, stones, point) === 1;
    return { stones, koPoint: inKo ? taken[0]! : -1 };
  }

  play(point: number): void {
    if (point === this.size * this.size) {
      this.#koPoint = -1;
    } else {
      const after = this.after(point);
      if (!after) throw new Error(`illegal: ${point}`);
      this.stones = after.stones;
      this.#koPoint = after.koPoint;
    }
    this.toMove = this.toMove === 'X' ? 'O' : 'X';
    this.#remember();
  }

  /** Black's area minus White's. */
  score(): number {
    let score = 0;
    this.stones.forEach((stone, point) => {
      const border = stone === '.' ? region(this.size, this.stones, point).border : new Set([stone]);
      if (border.size === 1) score += border.has('X') ? 1 : -1;
    });
    return score;
  }

  #remember(): void {
    this.history.push({ stones: this.stones.join(''), toMove: this.toMove });
  }
}
