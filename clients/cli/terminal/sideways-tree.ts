/**
 * A tree of lines that branch off one another, drawn from left to right: each line has a row of its own below the one
 * that it comes from, the latest branch first, so that nothing crosses.
 *
 *     ━━━━┯━━━━━┯━──────────B
 *         │     └━━━────W
 *         └━━━━┯──────B
 *              └────W
 */

import { rowOrder } from '../../shared/tree-rows.js';

export interface TreeLine {
  /** Index of the line that it comes from; undefined for the first one. */
  readonly parent: number | undefined;
  /** Where it leaves its parent, and where it ends. */
  readonly from: number;
  readonly to: number;
  /** Drawn at its end; one character. */
  readonly end: string;
  /** Whether there is something to stress at a place; false for places of other lines. */
  readonly isHeavy: (at: number) => boolean;
}

export interface DrawnTree {
  /** The rows from the top; `line` is the index of the line in it. */
  readonly rows: readonly { readonly line: number; readonly text: string }[];
  /** Characters across. */
  readonly width: number;
  /** Places in one character; at least 1. */
  readonly placesPerColumn: number;
}

const FEWEST_COLUMNS = 8;

/** Draws a tree of at least one line into `width` characters; it is wider only if it cannot be narrower. */
export function drawSideways(lines: readonly TreeLine[], width: number): DrawnTree {
  const order = rowOrder(lines);
  const length = Math.max(1, ...lines.map(({ to }) => to));
  for (let columns = Math.max(FEWEST_COLUMNS, width); ; columns--) {
    const placesPerColumn = Math.max(1, length / (columns - 1));
    const spans = layOut(lines, order, placesPerColumn);
    const needed = 1 + Math.max(...spans.map(({ end }) => end));
    if (needed > width && columns > FEWEST_COLUMNS) continue;
    const grid = draw(lines, order, spans, placesPerColumn, needed);
    return { rows: order.map((line, row) => ({ line, text: grid[row]!.join('') })), width: needed, placesPerColumn };
  }
}

interface Span {
  /** Column of the corner, or before the first column. */
  readonly start: number;
  end: number;
}

/** Columns of every line, by line. A branch leaves at least one column behind the corner of its parent. */
function layOut(lines: readonly TreeLine[], order: readonly number[], placesPerColumn: number): Span[] {
  const spans: Span[] = [];
  const column = (place: number): number => Math.floor(place / placesPerColumn);
  for (const line of order) {
    const { parent, from, to } = lines[line]!;
    const start = parent === undefined ? -1 : Math.max(column(from), spans[parent]!.start + 1);
    spans[line] = { start, end: Math.max(column(to), start + 1) };
    if (parent !== undefined) spans[parent]!.end = Math.max(spans[parent]!.end, start + 1);
  }
  return spans;
}

function draw(
  lines: readonly TreeLine[],
  order: readonly number[],
  spans: readonly Span[],
  placesPerColumn: number,
  width: number,
): string[][] {
  const grid = order.map(() => new Array<string>(width).fill(' '));
  const rowOf = new Map(order.map((line, row) => [line, row]));
  order.forEach((line, row) => {
    const { end, isHeavy } = lines[line]!;
    const span = spans[line]!;
    for (let column = span.start + 1; column < span.end; column++) {
      const [first, after] = [Math.ceil(column * placesPerColumn), Math.ceil((column + 1) * placesPerColumn)];
      let heavy = false;
      for (let at = first; at < after; at++) heavy ||= isHeavy(at);
      grid[row]![column] = heavy ? '━' : '─';
    }
    grid[row]![span.end] = end;
  });
  order.forEach((line, row) => {
    const { parent } = lines[line]!;
    if (parent === undefined) return;
    const { start } = spans[line]!;
    const above = rowOf.get(parent)!;
    const meet = (at: number, shapes: Readonly<Record<string, string>>): void => {
      const cell = grid[at]![start]!;
      grid[at]![start] = shapes[cell] ?? cell;
    };
    meet(above, { '─': '┬', '━': '┯' });
    for (let at = above + 1; at < row; at++) meet(at, { ' ': '│', '└': '├' });
    grid[row]![start] = '└';
  });
  return grid;
}
