/**
 * SGF as a tree of properties (FF[4], www.red-bean.com/sgf), before anyone asks what they mean: `read.ts` does. Variations
 * are further children; comments and any other property can be put on any node.
 *
 * Read is whatever has one plain meaning, as files of other programs and mails need it: text around the game, closing
 * brackets that are missing at the end, brackets in a text that nobody escaped. Whoever asks is told of each.
 */

import { check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { placeIn, type Place, type SgfNote } from './notes.js';

/** One node; the first child continues the main line. */
export interface SgfNode {
  /** Values by property in capitals, as text without escapes. */
  readonly data: Record<string, string[]>;
  readonly children: SgfNode[];
}

/** A tree, and where its properties stand in the text. */
export interface SgfFile {
  readonly root: SgfNode;
  /** Where a property stands, or its node if the node has no such property. */
  placeOf(node: SgfNode, property: string): Place;
  /** Tells of something about a property, unless there are too many notes already. */
  note(node: SgfNode, property: string, message: string): void;
}

/** Longest text, in characters. Large collections of openings have some millions. */
export const MAX_SGF_LENGTH = 16 * 2 ** 20;

/** Most notes on one file; each costs a walk through its text. */
const MOST_NOTES = 50;

/** Nodes, properties and values of a tree together; each takes some hundred bytes of memory. */
const MAX_PARTS = 1_000_000;

/** What stands between tokens; then a parenthesis, a semicolon, a property's name, or any other character. */
const token = /\s*(?:([()])|(;)|([A-Za-z]+)|(\S))/y;

/** What ends a value, or takes the meaning from the character behind it. */
const special = /[\\\]]/g;

/** What may come after a value: another one, a property with its value, a node, a variation, or nothing. */
const afterValue = /\s*(?:[[;()]|[A-Za-z]{1,20}\s*\[|$)/y;

/** Where a game begins, and where the text does not go on with another one. */
const gameBegins = /\(\s*;/g;

/**
 * Reads the first game of an SGF file.
 *
 * @throws AppError 'invalid-argument' with line and column of what is wrong, or with the size of what is too large
 */
export function parseSgfTree(text: string): SgfNode {
  return readSgfFile(text).root;
}

/** As `parseSgfTree`. @param onNote told of what was passed over and of what was guessed */
export function readSgfFile(text: string, onNote: (note: SgfNote) => void = () => undefined): SgfFile {
  checkSgfLength(text.length, 'characters');
  check(text.trim() !== '', 'Not SGF: the text is empty');
  const reader = new TreeReader(text.trimEnd(), onNote);
  const root = reader.read();
  return {
    root,
    placeOf: (node, property) => placeIn(text, reader.offsetOf(node, property)),
    note: (node, property, message) => reader.note(reader.offsetOf(node, property), property, message),
  };
}

/** @throws AppError 'invalid-argument' if a text or a file of this length is too long to be read */
export function checkSgfLength(length: number, unit: 'bytes' | 'characters'): void {
  check(length <= MAX_SGF_LENGTH, () => {
    return `The SGF has ${length} ${unit}; it may have ${MAX_SGF_LENGTH} at most`;
  });
}

/** Nesting is kept on a stack of its own, so no depth of variations is too deep. */
class TreeReader {
  readonly #text: string;
  readonly #onNote: (note: SgfNote) => void;
  #notes = 0;
  readonly #offsets = new Map<SgfNode, Record<string, number>>();
  /** For each open parenthesis, the node that its variation hangs on; undefined for the game's own. */
  readonly #open: (SgfNode | undefined)[] = [];
  #root: SgfNode | undefined;
  #node: SgfNode | undefined;
  /** Of the last property, while values may follow. */
  #values: string[] | undefined;
  #parts = 0;
  #next = 0;

  constructor(text: string, onNote: (note: SgfNote) => void) {
    this.#text = text;
    this.#onNote = onNote;
  }

  read(): SgfNode {
    const text = this.#text;
    this.#next = this.#start();
    do this.#token();
    while (this.#open.length > 0 && this.#next < text.length);
    if (this.#open.length > 0) {
      this.note(text.length, '', `the text ends with ${this.#open.length} '(' open, which was taken for their end`);
    } else this.#noteRest();
    check(this.#root !== undefined, () => `Not SGF: there is no node in the game at ${this.#placeOf(this.#start())}`);
    return this.#root;
  }

  offsetOf(node: SgfNode, property: string): number {
    const offsets = this.#offsets.get(node);
    return offsets?.[property] ?? offsets?.[';'] ?? 0;
  }

  /** Where the first game begins. */
  #start(): number {
    const text = this.#text;
    gameBegins.lastIndex = 0;
    const found = gameBegins.exec(text);
    const first = /\S/.exec(text.replace(/^\uFEFF/, ' '))?.index ?? 0;
    check(found !== null, () => {
      return `Not SGF: there is no '(;' in it; it begins with ${quoted(/\w+|\S/.exec(text.slice(first, first + 200))?.[0] ?? '')}`;
    });
    if (found.index > first) this.note(first, '', `${found.index - first} characters before the game were passed over`);
    return found.index;
  }

  #token(): void {
    token.lastIndex = this.#next;
    const [all, parenthesis, semicolon, property, other] = token.exec(this.#text)!;
    const at = this.#next + all.search(/\S/);
    this.#next += all.length;
    if (other === '[') {
      this.#value(at);
      return;
    }
    check(other === undefined, () => `Not SGF: unexpected '${other ?? ''}' at ${this.#placeOf(at)}`);
    this.#values = undefined;
    if (parenthesis === '(') this.#variation(at);
    else if (parenthesis === ')') this.#node = this.#open.pop();
    else if (semicolon !== undefined) this.#newNode(at);
    else if (property !== undefined) this.#property(property, at);
  }

  #variation(at: number): void {
    const isNode = /\s*;/y;
    isNode.lastIndex = this.#next;
    check(isNode.test(this.#text), () => {
      const seen = /\w+|\S/.exec(this.#text.slice(this.#next, this.#next + 200))?.[0] ?? 'the end';
      return `Not SGF: ${quoted(seen)} instead of ';' after '(' at ${this.#placeOf(at)}`;
    });
    this.#open.push(this.#node);
  }

  #newNode(at: number): void {
    this.#count(at);
    const child: SgfNode = { data: {}, children: [] };
    this.#offsets.set(child, { ';': at });
    this.#node?.children.push(child);
    this.#root ??= child;
    this.#node = child;
  }

  #property(name: string, at: number): void {
    this.#count(at);
    const node = this.#node!;
    // FF[3] and before wrote lower-case letters for the reader's sake: 'White' is 'W'.
    const key = name.replace(/[a-z]+/g, '');
    this.#values = node.data[key] ??= [];
    this.#offsets.get(node)![key] ??= at;
  }

  #value(at: number): void {
    this.#count(at);
    const text = this.#text;
    const from = this.#next;
    const end = this.#endOfValue(from);
    const value = text.slice(from, end);
    this.#next = end + 1;
    check(
      this.#values !== undefined,
      () => `Not SGF: the value ${quoted(value)} at ${this.#placeOf(at)} belongs to no property`,
    );
    if (end === text.length) this.note(at, '', "the last ']' is missing");
    this.#values.push(unescapeText(value));
  }

  /**
   * Where the bracket is that ends a value which begins at `from`: the first one behind which the file goes on. A bracket that
   * belongs to the text and was not escaped has more text behind it.
   */
  #endOfValue(from: number): number {
    const text = this.#text;
    let first: number | undefined;
    special.lastIndex = from;
    for (let found = special.exec(text); found; found = special.exec(text)) {
      if (found[0] === '\\') {
        special.lastIndex++;
        continue;
      }
      first ??= found.index;
      afterValue.lastIndex = found.index + 1;
      if (!afterValue.test(text)) continue;
      if (found.index > first) this.note(first, '', "a ']' that is not escaped was taken for a part of the text");
      return found.index;
    }
    return first ?? text.length;
  }

  #count(at: number): void {
    this.#parts++;
    check(this.#parts <= MAX_PARTS, () => {
      return `The SGF has more than ${MAX_PARTS} nodes, properties and values at ${this.#placeOf(at)}; it may have so many at most`;
    });
  }

  /** What follows the first game. */
  #noteRest(): void {
    const rest = this.#text.slice(this.#next);
    const at = this.#next + Math.max(0, rest.search(/\S/));
    if (rest.trim() === '') return;
    gameBegins.lastIndex = 0;
    const isGame = gameBegins.test(rest);
    this.note(at, '', isGame ? 'there are more games, which were passed over' : 'text after the game was passed over');
  }

  note(offset: number, property: string, message: string): void {
    if (++this.#notes > MOST_NOTES) return;
    this.#onNote({ ...placeIn(this.#text, offset), property, message });
  }

  #placeOf(offset: number): string {
    const { line, column } = placeIn(this.#text, offset);
    return `line ${line}, column ${column}`;
  }
}

/** Writes a game tree as an SGF file; `parseSgfTree` reads back the same tree. */
export function formatSgfTree(root: SgfNode): string {
  /** Nodes and finished text still to write; the last is next. */
  const waiting: (SgfNode | string)[] = [')\n', root];
  let text = '(';
  // Not asked of the text, which would have to be put together for the answer.
  let opened = true;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') {
      text += next;
      opened = next.endsWith('(');
      continue;
    }
    // A line for every node; the first stands behind its parenthesis.
    text += `${opened ? '' : '\n'}${formatNode(next)}`;
    opened = false;
    const { children } = next;
    if (children.length === 1) waiting.push(children[0]!);
    else for (const child of children.toReversed()) waiting.push(')', child, '\n(');
  }
  return text;
}

function formatNode({ data }: SgfNode): string {
  const properties = Object.entries(data).filter(([, values]) => values.length > 0);
  const text = properties.map(([name, values]) => name + values.map((value) => `[${escapeText(value)}]`).join(''));
  return `;${text.join('')}`;
}

/** A backslash takes the meaning from the character behind it, and joins lines. */
function unescapeText(value: string): string {
  return value.replace(/\\(\r\n|\n\r|[^])/g, (_, escaped: string) => (/^[\r\n]/.test(escaped) ? '' : escaped));
}

function escapeText(value: string): string {
  return value.replace(/[\\\]]/g, (special) => `\\${special}`);
}

/** The nodes of the main line, the root first. */
export function mainLine(root: SgfNode): SgfNode[] {
  const line: SgfNode[] = [];
  for (let node: SgfNode | undefined = root; node; node = node.children[0]) line.push(node);
  return line;
}

/** The parent of every node but the root. */
export function parentsOf(root: SgfNode): ReadonlyMap<SgfNode, SgfNode> {
  const parents = new Map<SgfNode, SgfNode>();
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of node.children) {
      parents.set(child, node);
      waiting.push(child);
    }
  }
  return parents;
}
