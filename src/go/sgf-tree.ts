/**
 * SGF as a tree of properties (FF[4], www.red-bean.com/sgf), before anyone asks what they mean: `sgf.ts` does. Variations
 * are further children; comments and any other property can be put on any node.
 */

import sgf from '@sabaki/sgf';
import { AppError, check } from '../core/errors.js';

/** One node; the first child continues the main line. */
export interface SgfNode {
  /** Values by property in capitals, as text without escapes. */
  readonly data: Record<string, string[]>;
  readonly children: SgfNode[];
}

/**
 * Reads the first game of an SGF file.
 *
 * @throws AppError 'invalid-argument' with line and column of what is wrong
 */
export function parseSgfTree(text: string): SgfNode {
  const tokens = sgf.tokenize(text.replace(/^\uFEFF/, ''));
  let depth = 0;
  let last: (typeof tokens)[number] | undefined;
  for (const token of tokens) {
    const where = (): string => `line ${token.row + 1}, column ${token.col + 1}`;
    check(token.type !== 'invalid', () => `Not SGF: unexpected '${token.value}' at ${where()}`);
    if (last === undefined) check(token.value === '(', () => `Not SGF: it begins with '${token.value}' instead of '('`);
    if (last?.value === '(') {
      check(token.type === 'semicolon', () => `Not SGF: '${token.value}' instead of ';' at ${where()}`);
    }
    if (token.type === 'c_value_type') {
      const follows = last?.type === 'prop_ident' || last?.type === 'c_value_type';
      check(follows, () => `Not SGF: the value ${token.value} at ${where()} belongs to no property`);
    }
    if (token.type === 'parenthesis') depth += token.value === '(' ? 1 : -1;
    check(depth >= 0, () => `Not SGF: ')' without '(' at ${where()}`);
    last = token;
  }
  check(last !== undefined, 'Not SGF: the text is empty');
  check(depth === 0, () => `Not SGF: the text ends with ${depth} '(' open`);
  try {
    const [root] = sgf.parseTokens(tokens);
    check(root !== undefined, 'Not SGF: there is no game in it');
    return root;
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    // The parser recurses into variations, so absurd nesting ends its stack.
    const why = thrown instanceof RangeError ? 'variations are nested too deeply' : AppError.from(thrown).message;
    throw new AppError('invalid-argument', `Not SGF: ${why}`, { cause: thrown });
  }
}

/** Writes a game tree as an SGF file; `parseSgfTree` reads back the same tree. */
export function formatSgfTree(root: SgfNode): string {
  return sgf.stringify([root]);
}

/** The nodes of the main line, the root first. */
export function mainLine(root: SgfNode): SgfNode[] {
  const line: SgfNode[] = [];
  for (let node: SgfNode | undefined = root; node; node = node.children[0]) line.push(node);
  return line;
}

/** A point of a board as SGF writes it, 'aa' being the top-left; a pass is empty. */
export function formatSgfPoint(action: number, size: number): string {
  return action === size * size ? '' : sgf.stringifyVertex([action % size, Math.floor(action / size)]);
}

/** @throws AppError 'invalid-argument' unless `text` is a point of the board or a pass ('' or 'tt') */
export function parseSgfMove(text: string, size: number): number {
  if (text === '' || text === 'tt') return size * size;
  return pointOf(sgf.parseVertex(text), text, size);
}

/** Reads points and compressed rectangles such as 'aa:cc'. @throws AppError 'invalid-argument' if one is off the board */
export function parseSgfPoints(texts: readonly string[], size: number): number[] {
  return texts.flatMap((text) => {
    // The corners first: a rectangle with a bad one would otherwise list nonsense, or nothing.
    for (const corner of text.split(':')) pointOf(sgf.parseVertex(corner), text, size);
    return sgf.parseCompressedVertices(text).map((vertex) => pointOf(vertex, text, size));
  });
}

function pointOf([column, row]: [number, number], text: string, size: number): number {
  check(
    column >= 0 && row >= 0 && column < size && row < size,
    () => `SGF point '${text}' is not on a board of size ${size}`,
  );
  return row * size + column;
}
