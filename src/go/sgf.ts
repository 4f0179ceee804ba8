/**
 * Games as SGF: what the main line of a tree says (setup stones before the first move, moves, rules, names, comments),
 * and the tree for a game. Variations and comments beyond that are added to the tree before `formatSgfTree` writes it.
 */

import { check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import { BLACK, WHITE, colorName, type Color } from './color.js';
import { Position } from './position.js';
import { nameInFile, rulesInFile, type RuleSet } from './rule-names.js';
import { formatRules, parseRules } from './rule-sets.js';
import { checkRules, checkSize, type Rules } from './rules.js';
import { formatSgfPoint, mainLine, parseSgfMove, parseSgfPoints, parseSgfTree, type SgfNode } from './sgf-tree.js';

/** One move; colors need not alternate. */
export interface SgfMove {
  readonly color: Color;
  /** A point, or size² for a pass. */
  readonly action: number;
  readonly comment?: string;
}

/** The main line of an SGF file. What the file does not say is absent. */
export interface SgfGame extends Partial<Rules> {
  readonly size: number;
  /** Stones set up before the first move. */
  readonly black: readonly number[];
  readonly white: readonly number[];
  /** Who is to move after the setup. */
  readonly toMove: Color;
  readonly moves: readonly SgfMove[];
  readonly handicap?: number;
  readonly blackName?: string;
  readonly whiteName?: string;
  /** As in SGF: 'B+3.5', 'W+R', '0' for a draw, 'Void', '?'. */
  readonly result?: string;
  readonly gameName?: string;
  /** Comment of the root. */
  readonly comment?: string;
}

/** Points and rectangles in the setup; any of them may name the whole board. */
const MAX_SETUP = 10_000;

/**
 * Reads the main line of the first game in `text`.
 *
 * @throws AppError 'invalid-argument' saying what is wrong: not SGF, not Go, a point off the board, stones set up after
 * the first move, a komi that is no number
 */
export function parseSgf(text: string): SgfGame {
  const nodes = mainLine(parseSgfTree(text));
  const root = nodes[0]!.data;
  const first = (key: string): string | undefined => root[key]?.[0]?.trim();
  check((first('GM') ?? '1') === '1', () => `SGF game type GM is ${quoted(first('GM') ?? '')}; Go is 1`);
  const size = readSize(first('SZ'));
  const { black, white, player } = readSetup(nodes, size);
  const moves = nodes.flatMap((node) => readMove(node, size));
  const handicap = readNumber('HA', first('HA'));
  const toMove = player ?? moves[0]?.color ?? (black.length > 0 && white.length === 0 ? WHITE : BLACK);
  const moveInRoot = root['B'] !== undefined || root['W'] !== undefined;
  return {
    size,
    black,
    white,
    toMove,
    moves,
    ...present({ komi: readNumber('KM', first('KM')), handicap }),
    ...readRules(first('RU'), first('AP')),
    ...present({ blackName: first('PB'), whiteName: first('PW'), result: first('RE'), gameName: first('GN') }),
    ...present({ comment: moveInRoot ? undefined : root['C']?.join('\n') }),
  };
}

/** The rules that a file says. */
export function rulesOf(game: SgfGame): Partial<Rules> {
  const { komi, ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk } = game;
  return present({ komi, ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk });
}

/**
 * The position after the first `moveCount` moves of a game (all by default), under the file's rules and, where it says
 * nothing, `defaults`.
 *
 * @throws AppError 'invalid-argument' if a setup stone or a move is illegal
 */
export function sgfPosition(game: SgfGame, defaults: Rules, moveCount = game.moves.length): Position {
  const { size } = game;
  const rules: Rules = { ...defaults, ...rulesOf(game) };
  checkRules(rules, size);
  const position = new Position(size, rules);
  position.placeStones(game.black, BLACK);
  position.placeStones(game.white, WHITE);
  position.setToMove(game.toMove);
  for (const { color, action } of game.moves.slice(0, moveCount)) {
    // A file may go on after two passes, or let one side play twice.
    position.reopen();
    position.setToMove(color);
    position.play(action);
  }
  return position;
}

/** The tree for a game; write it with `formatSgfTree`. */
export function sgfTree(game: SgfGame): SgfNode {
  const { size, komi, black, white, toMove, moves, handicap } = game;
  const points = (list: readonly number[]): string[] => list.map((point) => formatSgfPoint(point, size));
  const one = (value: string | number | undefined): string[] | undefined =>
    value === undefined ? undefined : [String(value)];
  const properties: Record<string, string[] | undefined> = {
    GM: ['1'],
    FF: ['4'],
    CA: ['UTF-8'],
    AP: ['Tengen'],
    SZ: [String(size)],
    KM: one(komi),
    RU: one(writtenRules(game)),
    HA: one(handicap),
    PB: one(game.blackName),
    PW: one(game.whiteName),
    GN: one(game.gameName),
    RE: one(game.result),
    AB: black.length > 0 ? points(black) : undefined,
    AW: white.length > 0 ? points(white) : undefined,
    PL: toMove === WHITE || black.length + white.length > 0 ? [sgfColor(toMove)] : undefined,
    C: one(game.comment),
  };
  const root: SgfNode = { data: present(properties) as Record<string, string[]>, children: [] };
  let node = root;
  for (const move of moves) {
    const child: SgfNode = { data: { [sgfColor(move.color)]: [formatSgfPoint(move.action, size)] }, children: [] };
    if (move.comment !== undefined) child.data['C'] = [move.comment];
    node.children.push(child);
    node = child;
  }
  return root;
}

/** A result as SGF writes it. @param score Black's points minus White's minus komi */
export function formatResult(score: number, resigned?: Color): string {
  if (resigned !== undefined) return resigned === BLACK ? 'W+R' : 'B+R';
  if (score === 0) return '0';
  return `${score > 0 ? 'B' : 'W'}+${Math.abs(score)}`;
}

function readSize(text: string | undefined): number {
  if (text === undefined) return 19;
  const sides = text.split(':').map(Number);
  check(
    sides.every((side) => side === sides[0]),
    () => `SGF board size SZ is ${quoted(text)}; it must be one number, or two equal ones as in 9:9`,
  );
  checkSize(sides[0]!);
  return sides[0]!;
}

function readNumber(key: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  check(Number.isFinite(value), () => `SGF property ${key} is ${quoted(text)}; it must be a number`);
  return value;
}

/**
 * What a name means, or what KataGo's form says; nothing for other texts.
 *
 * @param program that wrote the file
 * @throws AppError if KataGo's form is broken
 */
function readRules(text: string | undefined, program = ''): Partial<RuleSet> {
  if (text === undefined) return {};
  const named = rulesInFile(text, /^tengen\b/i.test(program));
  if (named) return named;
  if (!/^ko[A-Z]/.test(text)) return {};
  const { ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk } = parseRules(text);
  return present({ ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk });
}

function writtenRules({ ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk }: SgfGame): string | undefined {
  if (ko === undefined || suicide === undefined) return undefined;
  const others = present({ scoring, tax, whiteHandicapBonus, friendlyPassOk });
  const rules = { ko, suicide, ...others };
  return nameInFile(rules) ?? formatRules(rules);
}

function readSetup(nodes: readonly SgfNode[], size: number): { black: number[]; white: number[]; player?: Color } {
  const stones = new Map<number, Color>();
  let player: Color | undefined;
  let moved = 0;
  let named = 0;
  const points = (texts: readonly string[] = []): number[] => {
    named += texts.length;
    check(
      named <= MAX_SETUP,
      () => `SGF sets up more than ${MAX_SETUP} points and rectangles; it may have so many at most`,
    );
    return parseSgfPoints(texts, size);
  };
  for (const { data } of nodes) {
    const setUp = data['AB'] !== undefined || data['AW'] !== undefined || data['AE'] !== undefined;
    check(!setUp || moved === 0, () => `SGF sets up stones after move ${moved}; only before the first is supported`);
    for (const point of points(data['AB'])) stones.set(point, BLACK);
    for (const point of points(data['AW'])) stones.set(point, WHITE);
    for (const point of points(data['AE'])) stones.delete(point);
    if (moved === 0 && data['PL'] !== undefined) player = readColor(data['PL'][0] ?? '');
    if (data['B'] !== undefined || data['W'] !== undefined) moved++;
  }
  const of = (color: Color): number[] =>
    [...stones].flatMap(([point, stone]) => (stone === color ? [point] : [])).sort((a, b) => a - b);
  return { black: of(BLACK), white: of(WHITE), ...present({ player }) };
}

function readColor(text: string): Color {
  const letter = text.trim().toUpperCase()[0];
  check(letter === 'B' || letter === 'W', () => `SGF player PL is ${quoted(text)}; it must be B or W`);
  return letter === 'B' ? BLACK : WHITE;
}

function readMove({ data }: SgfNode, size: number): SgfMove[] {
  const { B: black, W: white, C: comments } = data;
  check(black === undefined || white === undefined, 'SGF has a node with moves by both black and white');
  const texts = black ?? white;
  if (texts === undefined) return [];
  const color = black === undefined ? WHITE : BLACK;
  check(texts.length === 1, () => `SGF has a node with ${texts.length} moves by ${colorName(color)}`);
  return [{ color, action: parseSgfMove(texts[0]!.trim(), size), ...present({ comment: comments?.join('\n') }) }];
}

function sgfColor(color: Color): string {
  return color === BLACK ? 'B' : 'W';
}

/** The entries that are not undefined. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
