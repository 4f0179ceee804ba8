import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawSideways, type TreeLine } from '../../../clients/cli/terminal/sideways-tree.js';

const line = (parent: number | undefined, from: number, to: number, end: string, heavy: number[] = []): TreeLine => ({
  parent,
  from,
  to,
  end,
  isHeavy: (at) => heavy.includes(at),
});

const textOf = (lines: readonly TreeLine[], width: number): string[] =>
  drawSideways(lines, width).rows.map(({ line: index, text }) => `${index} ${text.trimEnd()}`);

describe('a tree drawn sideways', () => {
  it('has each line below the one that it comes from, the latest branch first', () => {
    const lines = [
      line(undefined, 0, 15, 'B', [0, 1, 2, 3, 4, 8]),
      line(0, 4, 12, 'W', [5, 6]),
      line(0, 9, 14, 'B'),
      line(1, 8, 14, 'W'),
      line(0, 4, 9, 'B', [7]),
    ];
    expect(textOf(lines, 40)).toEqual([
      '0 ━━━━┯───━┬─────B',
      '2     │    └────B',
      '1     ├━━─┬───W',
      '3     │   └─────W',
      '4     └──━─B',
    ]);
  });

  it('is as wide as asked for when the games are longer', () => {
    const lines = [line(undefined, 0, 100, 'B', [50]), line(0, 50, 99, 'W'), line(1, 52, 80, 'B')];
    expect(textOf(lines, 21)).toEqual(['0 ──────────┯─────────B', '1           └┬───────W', '2            └────B']);
    expect(drawSideways(lines, 21)).toMatchObject({ width: 21, placesPerColumn: 5 });
  });

  it('leaves room for branches off a line that has just begun', () => {
    const lines = [line(undefined, 0, 30, 'B'), line(0, 29, 30, 'W'), line(1, 29, 30, 'B'), line(2, 29, 31, 'W')];
    const { width, rows } = drawSideways(lines, 10);
    expect(width).toBeLessThanOrEqual(10);
    expect(rows.map(({ text }) => text.trimEnd().at(-1))).toEqual(['B', 'W', 'B', 'W']);
    expect(new Set(rows.slice(1).map(({ text }) => text.indexOf('└'))).size).toBe(3);
  });

  it('begins a branch at the start below the first character', () => {
    expect(textOf([line(undefined, 0, 3, 'B'), line(0, 0, 2, '=')], 40)).toEqual(['0 ┬──B', '1 └─=']);
  });

  it('has every line once, ending with its mark, and a corner for every branch', () => {
    const lines = fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.integer({ min: 1, max: 20 })), { maxLength: 20 });
    fc.assert(
      fc.property(lines, fc.integer({ min: 30, max: 100 }), (drawn, width) => {
        const tree: TreeLine[] = [line(undefined, 0, 41, 'M')];
        for (const [parent, from, length] of drawn) {
          const of = parent % tree.length;
          // A branch begins within its parent's own part.
          const start = Math.min(Math.max(from, tree[of]!.from + 1), tree[of]!.to - 1);
          if (start > tree[of]!.from) tree.push(line(of, start, start + length, 'E'));
        }
        const { rows, width: seen } = drawSideways(tree, width);
        expect(rows.map((row) => row.line).toSorted((a, b) => a - b)).toEqual(tree.map((_, index) => index));
        expect(seen).toBeLessThanOrEqual(Math.max(width, 8 + tree.length));
        rows.forEach(({ line: index, text }, row) => {
          expect(text.trimEnd().at(-1)).toBe(tree[index]!.end);
          const corner = /[└├]/.exec(text)?.index;
          expect(corner === undefined).toBe(index === 0);
          if (corner === undefined) return;
          // The corner hangs on something all the way up to its parent.
          let above = row - 1;
          while (rows[above]!.text[corner] === '│' || rows[above]!.text[corner] === '├') above--;
          expect(rows[above]!.text[corner]).toMatch(/[┬┯]/);
          expect(rows[above]!.line).toBe(tree[index]!.parent);
        });
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
