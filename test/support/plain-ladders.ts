/**
 * Ladders read slowly, by the rules of src/go/ladders.ts and without its shortcuts: every play copies the board, every
 * question floods it. In points of a plain board.
 */

/** Most plays read for one chain. */
const MOST_PLAYS = 25_000;

/** For every point: whether a ladder takes its stone, and whether one starts there against Black (1), White (2) or both (3). */
interface PlainLadders {
  readonly taken: readonly boolean[];
  readonly starts: readonly number[];
}

interface Board {
  readonly stones: readonly number[];
  /** The point that the immediate ko bans, or −1. */
  readonly ko: number;
}

/** Reads every chain with one or two liberties. @param ko the point banned by the immediate ko, or −1 */
export function plainLadders(size: number, stones: ArrayLike<number>, ko: number): PlainLadders {
  return new PlainReader(size).read({ stones: Array.from(stones), ko });
}

class PlainReader {
  readonly #size: number;
  #prey = 0;
  #plays = 0;

  constructor(size: number) {
    this.#size = size;
  }

  read(board: Board): PlainLadders {
    const taken = board.stones.map(() => false);
    const starts = board.stones.map(() => 0);
    board.stones.forEach((stone, point) => {
      const { chain, liberties } = this.#around(board, point);
      if (stone === 0 || Math.min(...chain) !== point || liberties.length > 2) return;
      this.#prey = point;
      const moves = liberties.filter((move) => this.#isLegal(board, move, 3 - stone));
      const works =
        liberties.length === 1 ? [] : moves.filter((move) => this.#takes(this.#play(board, move, 3 - stone)));
      for (const move of works) starts[move]! |= stone;
      if (works.length === 0 && !(liberties.length === 1 && this.#takes(board))) return;
      for (const each of chain) taken[each] = true;
    });
    return { taken, starts };
  }

  #takes(board: Board): boolean {
    this.#plays = 0;
    return this.#preyToMove({ ...board, ko: -1 }, 0) && this.#plays < MOST_PLAYS;
  }

  #preyToMove(board: Board, ply: number): boolean {
    if (ply >= Math.floor(this.#size ** 2 * 1.5)) return true;
    const { liberties } = this.#around(board, this.#prey);
    if (liberties.length > 1 || board.ko >= 0) return false;
    const moves = [...this.#captures(board), ...liberties];
    const color = board.stones[this.#prey]!;
    return moves.every((move) => !this.#isLegal(board, move, color) || this.#afterPlay(board, move, color, ply));
  }

  #attackerToMove(board: Board, ply: number): boolean {
    if (ply >= Math.floor(this.#size ** 2 * 1.5)) return true;
    const { liberties } = this.#around(board, this.#prey);
    if (liberties.length !== 2) return liberties.length < 2;
    const attacker = 3 - board.stones[this.#prey]!;
    const rooms = liberties.map((point) => this.#beside(point).filter((at) => board.stones[at] === 0).length);
    if (rooms.every((room) => room === 0) && this.#isDoubleKo(board, liberties, attacker)) return true;
    const apart = !this.#beside(liberties[0]!).includes(liberties[1]!);
    return liberties.some((move, i) => {
      if (apart && rooms[1 - i]! >= 3) return false;
      return this.#isLegal(board, move, attacker) && this.#afterPlay(board, move, attacker, ply);
    });
  }

  #afterPlay(board: Board, move: number, color: number, ply: number): boolean {
    if (this.#plays >= MOST_PLAYS) return true;
    this.#plays++;
    const next = this.#play(board, move, color);
    const isPrey = color === board.stones[this.#prey];
    return isPrey ? this.#attackerToMove(next, ply + 1) : this.#preyToMove(next, ply + 1);
  }

  #isDoubleKo(board: Board, liberties: readonly number[], attacker: number): boolean {
    const isKo = (point: number): boolean => {
      const neighbours = this.#beside(point);
      if (neighbours.some((at) => board.stones[at] !== 3 - attacker)) return false;
      const inAtari = neighbours.filter((at) => this.#around(board, at).liberties.length === 1);
      return inAtari.length === 1 && this.#around(board, inAtari[0]!).chain.length === 1;
    };
    const roomAfter = (point: number): number => {
      return this.#around(this.#play(board, point, 3 - attacker), point).liberties.length;
    };
    return liberties.every((point) => isKo(point) && roomAfter(point) <= 2) && this.#captures(board).length === 0;
  }

  /** Moves that take a chain beside the prey. */
  #captures(board: Board): number[] {
    const enemy = 3 - board.stones[this.#prey]!;
    const beside = this.#around(board, this.#prey).chain.flatMap((point) => this.#beside(point));
    const liberties = beside
      .filter((point) => board.stones[point] === enemy)
      .map((at) => this.#around(board, at).liberties);
    return [...new Set(liberties.filter(({ length }) => length === 1).flat())];
  }

  #isLegal(board: Board, point: number, color: number): boolean {
    if (board.stones[point] !== 0 || point === board.ko) return false;
    return this.#around(this.#play(board, point, color), point).liberties.length > 0;
  }

  #play(board: Board, point: number, color: number): Board {
    const stones = [...board.stones];
    stones[point] = color;
    const enemies = this.#beside(point).filter((at) => stones[at] === 3 - color);
    const dead = new Set(
      enemies
        .map((at) => this.#around({ stones, ko: -1 }, at))
        .flatMap(({ chain, liberties }) => (liberties.length === 0 ? chain : [])),
    );
    for (const at of dead) stones[at] = 0;
    const { chain, liberties } = this.#around({ stones, ko: -1 }, point);
    return { stones, ko: dead.size === 1 && chain.length === 1 && liberties.length === 1 ? [...dead][0]! : -1 };
  }

  #around({ stones }: Board, point: number): { readonly chain: number[]; readonly liberties: number[] } {
    const chain = [point];
    const liberties = new Set<number>();
    const seen = new Set(chain);
    for (const at of chain) {
      for (const neighbour of this.#beside(at)) {
        if (stones[neighbour] === 0) liberties.add(neighbour);
        if (stones[neighbour] !== stones[point] || seen.has(neighbour)) continue;
        seen.add(neighbour);
        chain.push(neighbour);
      }
    }
    return { chain, liberties: [...liberties] };
  }

  #beside(point: number): number[] {
    const [row, column] = [Math.floor(point / this.#size), point % this.#size];
    const found: number[] = [];
    if (row > 0) found.push(point - this.#size);
    if (column > 0) found.push(point - 1);
    if (column + 1 < this.#size) found.push(point + 1);
    if (row + 1 < this.#size) found.push(point + this.#size);
    return found;
  }
}
