/**
 * SGF as a tree of properties (FF[4], www.red-bean.com/sgf), before anyone asks what they mean: `sgf.ts` does. Variations
 * are further children; comments and any other property can be put on any node.
 */

import { check } from '../core/errors.js';

/** One node; the first child continues the main line. */
export interface SgfNode {
  /** Values by property in capitals, as text without escapes. */
  readonly data: Record<string, string[]>;
  readonly children: SgfNode[];
}

/** What stands between tokens; then a parenthesis, a semicolon, a property's name, a value in brackets, or a stray character. */
const token = /\s*(?:([()])|(;)|([A-Za-z]+)|\[((?:[^\\\]]|\\[^])*)\]|(\S))/gy;

/**
 * Reads the first game of an SGF file. Nesting is kept on a stack of our own, so no depth of variations is too deep.
 *
 * @throws AppError 'invalid-argument' with line and column of what is wrong
 */
export function parseSgfTree(text: string): SgfNode {
  const body = text.replace(/^\uFEFF/, '').trimEnd();
  check(body !== '', 'Not SGF: the text is empty');
  check(/^\s*\(/.test(body), () => `Not SGF: it begins with '${/\w+|\S/.exec(body)?.[0] ?? ''}' instead of '('`);
  /** For each open parenthesis, the node that its variation hangs on; undefined outside every game. */
  const open: (SgfNode | undefined)[] = [];
  let root: SgfNode | undefined;
  let node: SgfNode | undefined;
  let values: string[] | undefined;
  let opened = false;
  for (const { 0: all, 1: parenthesis, 2: semicolon, 3: property, 4: value, 5: stray, index } of body.matchAll(token)) {
    const at = index + all.length - all.trimStart().length;
    check(stray === undefined, () => `Not SGF: unexpected '${stray ?? ''}' at ${place(body, at)}`);
    check(!opened || semicolon !== undefined, () => `Not SGF: '${all.trim()}' instead of ';' at ${place(body, at)}`);
    opened = parenthesis === '(';
    if (value !== undefined) {
      check(
        values !== undefined,
        () => `Not SGF: the value ${all.trim()} at ${place(body, at)} belongs to no property`,
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
      check(node !== undefined, () => `Not SGF: the property ${property} at ${place(body, at)} belongs to no node`);
      // FF[3] and before wrote lower-case letters for the reader's sake: 'White' is 'W'.
      values = node.data[property.replace(/[a-z]/g, '')] ??= [];
    }
  }
  check(open.length === 0, () => `Not SGF: the text ends with ${open.length} '(' open`);
  check(root !== undefined, 'Not SGF: there is no game in it');
  return root;
}

/** Writes a game tree as an SGF file; `parseSgfTree` reads back the same tree. */
export function formatSgfTree(root: SgfNode): string {
  /** Nodes and finished text still to write; the last is next. */
  const waiting: (SgfNode | string)[] = [')\n', root];
  let text = '(';
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') {
      text += next;
      continue;
    }
    // A line for every node; the first stands behind its parenthesis.
    text += `${text.endsWith('(') ? '' : '\n'}${formatNode(next)}`;
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
    () => `SGF point '${text}' is not on a board of size ${size}`,
  );
  return row * size + column;
}
