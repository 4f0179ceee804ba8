/**
 * Setup and moves of the main line, node by node. Stones that are set up in the middle of a game make a position from which the
 * game goes on: what was played before is in its stones.
 */

import { AppError, check } from '../../core/errors.js';
import { BLACK, WHITE, type Color } from '../color.js';
import type { Position } from '../position.js';
import { defaultRules } from '../rules.js';
import { setUpPosition, type SgfMove, type SgfSetup } from './game.js';
import { parseSgfMove, parseSgfPoints } from './points.js';
import { present } from './present.js';
import type { SgfFile, SgfNode } from './tree.js';
import { readPlayer } from './values.js';

/** Points and rectangles in the setup; any of them may name the whole board. */
const MAX_SETUP = 10_000;

const colors: Readonly<Record<string, Color>> = { B: BLACK, W: WHITE };
const setters: Readonly<Record<string, Color | 0>> = { AB: BLACK, AW: WHITE, AE: 0 };

/** Reads the nodes of one line, in their order. */
export class LineReader {
  readonly #file: SgfFile;
  readonly #size: number;
  /** Stones of the setup by point. */
  #stones = new Map<number, Color>();
  #player: Color | undefined;
  #moves: SgfMove[] = [];
  #nodes: SgfNode[] = [];
  /** After the last move; made with the first one, when the setup is complete. */
  #position: Position | undefined;
  /** A turn that was set after a move; a move that follows says by itself whose it is. */
  #turnSet: { readonly node: SgfNode; readonly player: Color } | undefined;
  /** Moves so far, those before a setup in the middle included. */
  #count = 0;
  #named = 0;

  constructor(file: SgfFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Takes a node; false if the move `before`, counted from 1, is in it or was reached. */
  read(node: SgfNode, before: number): boolean {
    if (this.#count + 1 >= before && hasMove(node)) return false;
    if (Object.keys(setters).some((key) => node.data[key] !== undefined)) this.#setUp(node);
    const player = node.data['PL']?.[0];
    if (player !== undefined) this.#turn(node, player);
    for (const key of Object.keys(node.data)) {
      const color = colors[key];
      if (color !== undefined) this.#play(node, key, color, before);
    }
    return true;
  }

  /** The node of each move of `game`. */
  get nodes(): readonly SgfNode[] {
    return this.#nodes;
  }

  game(): SgfSetup & { readonly moves: readonly SgfMove[] } {
    if (this.#turnSet && this.#turnSet.player !== this.#position?.toMove) this.#begin(this.#turnSet.node);
    return { ...this.#setup(), moves: this.#moves };
  }

  #setup(): SgfSetup {
    const of = (color: Color): number[] =>
      [...this.#stones].flatMap(([point, stone]) => (stone === color ? [point] : [])).sort((a, b) => a - b);
    const [black, white] = [of(BLACK), of(WHITE)];
    return { black, white, toMove: this.#player ?? this.#moves[0]?.color ?? firstPlayer(black.length, white.length) };
  }

  #setUp(node: SgfNode): void {
    if (this.#position) this.#begin(node);
    for (const [key, stone] of Object.entries(setters)) {
      for (const point of this.#points(node, key)) {
        if (stone === 0) this.#stones.delete(point);
        else this.#stones.set(point, stone);
      }
    }
  }

  /** Makes what is on the board the setup of a game that begins here. */
  #begin(node: SgfNode): void {
    const position = this.#position!;
    const key = Object.keys(setters).find((setter) => node.data[setter] !== undefined) ?? 'PL';
    this.#file.note(
      node,
      key,
      `stones or a turn are set after move ${this.#count}; the game goes on from that position`,
    );
    this.#stones = new Map();
    for (let point = 0; point < this.#size * this.#size; point++) {
      const stone = position.stoneAt(point);
      if (stone === BLACK || stone === WHITE) this.#stones.set(point, stone);
    }
    this.#player = this.#turnSet?.player ?? position.toMove;
    this.#turnSet = undefined;
    this.#moves = [];
    this.#nodes = [];
    this.#position = undefined;
  }

  #turn(node: SgfNode, text: string): void {
    const player = readPlayer(text, (message) => this.#file.note(node, 'PL', message));
    if (player === undefined) return;
    if (this.#position) this.#turnSet = { node, player };
    else this.#player = player;
  }

  #play(node: SgfNode, key: string, color: Color, before: number): void {
    const texts = node.data[key]!;
    const others = Object.keys(node.data).filter((other) => colors[other] !== undefined).length;
    if (texts.length === 0) this.#file.note(node, key, 'a move without a point was passed over');
    if (others > 1 || texts.length > 1)
      this.#file.note(node, key, 'the moves of one node were played one after the other');
    const comment = node.data['C']?.join('\n');
    for (const text of texts) {
      if (this.#count + 1 >= before) return;
      const action = this.#meaning(node, key, () => parseSgfMove(text.trim(), this.#size));
      const position = (this.#position ??= this.#meaning(node, key, () => this.#start()));
      this.#meaning(node, key, () => position.playFreely(color, action));
      this.#turnSet = undefined;
      this.#count++;
      this.#moves.push({ color, action, ...present({ comment }) });
      this.#nodes.push(node);
    }
  }

  /** The position after the setup; rules other than what a board itself demands are not asked for. */
  #start(): Position {
    return setUpPosition(this.#size, { ...defaultRules(this.#size), ko: 'simple' }, this.#setup());
  }

  #points(node: SgfNode, key: string): number[] {
    const texts = (node.data[key] ?? []).filter((text) => text.trim() !== '');
    this.#named += Math.max(1, texts.length);
    check(
      this.#named <= MAX_SETUP,
      () => `SGF sets up more than ${MAX_SETUP} points and rectangles; it may have so many at most`,
    );
    return this.#meaning(node, key, () => parseSgfPoints(texts, this.#size));
  }

  /** What `read` says; what it refuses is refused with the place in the file. */
  #meaning<T>(node: SgfNode, property: string, read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      const error = AppError.from(thrown);
      const { line, column } = this.#file.placeOf(node, property);
      const message = `${error.message} (line ${line}, column ${column}, ${property})`;
      throw new AppError(error.kind, message, { cause: error });
    }
  }
}

function hasMove({ data }: SgfNode): boolean {
  return data['B'] !== undefined || data['W'] !== undefined;
}

/** Who moves first where no move says it: White after handicap stones. */
function firstPlayer(black: number, white: number): Color {
  return black > 0 && white === 0 ? WHITE : BLACK;
}
