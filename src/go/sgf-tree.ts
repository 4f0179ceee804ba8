/**
 * SGF as a tree of properties (FF[4], www.red-bean.com/sgf), before anyone asks what they mean: `sgf.ts` does. Variations
 * are further children; comments and any other property can be put on any node.
 */

import { check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';

/** One node; the first child continues the main line. */
export interface SgfNode {
  /** Values by property in capitals, as text without escapes. */
  readonly data: Record<string, string[]>;
  readonly children: SgfNode[];
}

/** Longest text, in characters. Large collections of openings have some millions. */
export const MAX_SGF_LENGTH = 16 * 2 ** 20;

/** Nodes, properties and values of a tree together; each takes some hundred bytes of memory. */
const MAX_PARTS = 1_000_000;

/** What stands between tokens; then a parenthesis, a semicolon, a property's name, or any other character. */
const token = /\s*(?:([()])|(;)|([A-Za-z]+)|(\S))/y;

/** What ends a value, or takes the meaning from the character behind it. */
const special = /[\\\]]/g;

/**
 * Reads the first game of an SGF file. Nesting is kept on a stack of our own, so no depth of variations is too deep, and no
 * pattern meets a whole value, so none is too long.
 *
 * @throws AppError 'invalid-argument' with line and column of what is wrong, or with the size of what is too large
 */
// eslint-disable-next-line max-statements -- one loop over tokens; its parts would share eight variables
export function parseSgfTree(text: string): SgfNode {
  checkSgfLength(text.length, 'characters');
  const body = text.replace(/^\uFEFF/, '').trimEnd();
  check(body !== '', 'Not SGF: the text is empty');
  check(/^\s*\(/.test(body), () => `Not SGF: it begins with ${quoted(/\w+|\S/.exec(body)?.[0] ?? '')} instead of '('`);
  /** For each open parenthesis, the node that its variation hangs on; undefined outside every game. */
  const open: (SgfNode | undefined)[] = [];
  let root: SgfNode | undefined;
  let node: SgfNode | undefined;
  let values: string[] | undefined;
  let opened = false;
  let parts = 0;
  let next = 0;
  while (next < body.length) {
    token.lastIndex = next;
    const [all, parenthesis, semicolon, property, other] = token.exec(body)!;
    const at = next + all.search(/\S/);
    next += all.length;
    const end = other === '[' ? endOfValue(body, next) : undefined;
    check(other === undefined || end !== undefined, () => `Not SGF: unexpected '${other ?? ''}' at ${place(body, at)}`);
    check(!opened || semicolon !== undefined, () => {
      return `Not SGF: ${quoted(body.slice(at, end === undefined ? next : end + 1))} instead of ';' at ${place(body, at)}`;
    });
    opened = parenthesis === '(';
    if (parenthesis === undefined) parts++;
    check(parts <= MAX_PARTS, () => {
      return `The SGF has more than ${MAX_PARTS} nodes, properties and values at ${place(body, at)}; it may have so many at most`;
    });
    if (end !== undefined) {
      const value = body.slice(next, end);
      next = end + 1;
      check(
        values !== undefined,
        () => `Not SGF: the value ${quoted(value)} at ${place(body, at)} belongs to no property`,
      );
      values.push(unescapeText(value));
      continue;
    }
    values = undefined;
    if (parenthesis === '(') open.push(node);
    else if (parenthesis === ')') {
      check(open.length > 0, () => `Not SGF: ')' without '(' at ${place(body, at)}`);
      node = open.pop();
    } else if (semicolon !== undefined) {
      check(open.length > 0, () => `Not SGF: ';' outside a game at ${place(body, at)}`);
      const child: SgfNode = { data: {}, children: [] };
      node?.children.push(child);
      root ??= child;
      node = child;
    } else if (property !== undefined) {
      check(
        node !== undefined,
        () => `Not SGF: the property ${quoted(property)} at ${place(body, at)} belongs to no node`,
      );
      // FF[3] and before wrote lower-case letters for the reader's sake: 'White' is 'W'.
      values = node.data[property.replace(/[a-z]+/g, '')] ??= [];
    }
  }
  check(open.length === 0, () => `Not SGF: the text ends with ${open.length} '(' open`);
  check(root !== undefined, 'Not SGF: there is no game in it');
  return root;
}

/** @throws AppError 'invalid-argument' if a text or a file of this length is too long to be read */
export function checkSgfLength(length: number, unit: 'bytes' | 'characters'): void {
  check(length <= MAX_SGF_LENGTH, () => {
    return `The SGF has ${length} ${unit}; it may have ${MAX_SGF_LENGTH} at most`;
  });
}

/** Where the bracket is that ends a value which begins at `from`; undefined if there is none. */
function endOfValue(text: string, from: number): number | undefined {
  special.lastIndex = from;
  for (let found = special.exec(text); found; found = special.exec(text)) {
    if (found[0] === ']') return found.index;
    special.lastIndex++;
  }
  return undefined;
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

function place(text: string, index: number): string {
  const lines = text.slice(0, index).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** The nodes of the main line, the root first. */
export function mainLine(root: SgfNode): SgfNode[] {
  const line: SgfNode[] = [];
  for (let node: SgfNode | undefined = root; node; node = node.children[0]) line.push(node);
  return line;
}

/** A point of a board as SGF writes it, 'aa' being the top-left; a pass is empty. */
export function formatSgfPoint(action: number, size: number): string {
  return action === size * size ? '' : letters[action % size]! + letters[Math.floor(action / size)]!;
}

/** @throws AppError 'invalid-argument' unless `text` is a point of the board or a pass ('' or 'tt') */
export function parseSgfMove(text: string, size: number): number {
  return text === '' || text === 'tt' ? size * size : parsePoint(text, text, size);
}

/** Reads points and compressed rectangles such as 'aa:cc'. @throws AppError 'invalid-argument' if one is off the board */
export function parseSgfPoints(texts: readonly string[], size: number): number[] {
  return texts.flatMap((text) => {
    const [from = '', to = from] = text.split(':');
    const [a, b] = [parsePoint(from, text, size), parsePoint(to, text, size)];
    const points: number[] = [];
    for (let row = Math.floor(a / size); row <= Math.floor(b / size); row++) {
      for (let column = a % size; column <= b % size; column++) points.push(row * size + column);
    }
    return points;
  });
}

function parsePoint(point: string, text: string, size: number): number {
  const [column, row] = [letters.indexOf(point.charAt(0)), letters.indexOf(point.charAt(1))];
  check(
    point.length === 2 && column >= 0 && row >= 0 && column < size && row < size,
    () => `SGF point ${quoted(text)} is not on a board of size ${size}`,
  );
  return row * size + column;
}
