import { describe, expect, it } from 'vitest';
import { drawGame } from '../../../clients/cli/games/draw-game.js';
import type { GameView } from '../../../clients/shared/game-view.js';
import { ansi, paintFor, plain } from '../../../clients/cli/terminal/paint.js';
import { drawBars } from '../../../clients/cli/terminal/sparkline.js';

const position = (variation: number, ply: number, labelChangeRate: number) => ({
  variation,
  ply,
  labelChangeRate,
  eligible: labelChangeRate > 0.4,
  winRate: 0.5,
  valueLabel: 0.5,
  games: 1,
});

const view: GameView = {
  gameId: 'j1.r1.7',
  kind: 'tree',
  jobId: 'j1',
  modelVersion: 'go5@0123456789ab',
  size: 5,
  komi: 0.5,
  createdAtMs: 0,
  plannedVariations: 4,
  isComplete: false,
  threshold: 0.4,
  eligibleShare: 0.375,
  variations: [
    { gameId: 'j1.r1.7', modelVersion: 'm@1', moves: 20, newPositions: 20, result: 'B+3.5', winner: 1 },
    {
      gameId: 'j1.r1.7.1',
      modelVersion: 'm@1',
      moves: 25,
      newPositions: 16,
      result: 'W+R',
      winner: -1,
      branch: { parent: 0, ply: 8, move: 'B D3', labelChangeRate: 0.4375, backUp: 2 },
    },
    {
      gameId: 'j1.r1.7.2',
      modelVersion: 'm@1',
      moves: 18,
      newPositions: 5,
      result: '0',
      winner: 0,
      branch: { parent: 1, ply: 12, move: 'W pass', backUp: 0 },
    },
  ],
  positions: [
    ...Array.from({ length: 20 }, (_, ply) => position(0, ply, ply < 10 ? 0.45 : 0.2)),
    ...Array.from({ length: 16 }, (_, i) => position(1, 9 + i, i < 4 ? 0.5 : 0.1)),
    ...Array.from({ length: 5 }, (_, i) => position(2, 13 + i, 0.3)),
  ],
};

describe('a drawn game tree', () => {
  it('says what it is, how uncertain the result was by ply, and where each game begins and ends', () => {
    expect(drawGame(view, { width: 80 })).toEqual([
      'Tree j1.r1.7',
      '5×5 · komi 0.5 · go5@0123456789ab · job j1 · 3 of 4 games',
      'Black won 1, White 1, drawn 1 · 41 positions for 63 moves',
      '38 % of LCRs above 0.400 · ━ a branch may begin',
      '',
      '0.50 ▄▄▄▄▄▄▄▄▄▆                  above the threshold',
      '0.40 ██████████▇▇▇▄▄▄▄▄▃▃▂▂▂▂▂   mean LCR by ply',
      '   # 0         10        20      PLY    MOVE    LCR  BACK  NEW  RESULT',
      '   0 ━━━━━━━━┯━──────────B                                  20   B+3.5',
      '   1         └━━━┯────────────W    8    B D3  0.438     2   16     W+R',
      '   2             └─────=          12  W pass            0    5       0',
    ]);
  });

  it('keeps to the width of the terminal, leaving out figures where there is no room', () => {
    const draw = (width: number): string[] => drawGame(view, { width });
    for (const width of [40, 50, 60, 80, 200])
      for (const line of draw(width)) expect(line.length, line).toBeLessThanOrEqual(width);
    const header = (width: number): string => draw(width).find((line) => line.includes('#'))!;
    expect(header(80)).toMatch(/PLY +MOVE +LCR +BACK +NEW +RESULT$/);
    expect(header(60)).toMatch(/20 +PLY +MOVE +LCR +RESULT$/);
    expect(header(40)).toMatch(/RESULT$/);
    expect(header(40)).not.toMatch(/MOVE/);
  });

  it('is the same in color', () => {
    const painted = drawGame(view, { width: 80, paint: ansi }).join('\n');
    expect(painted).toContain('\x1b[33m━━━━━━━━┯━\x1b[39m');
    expect(painted.replace(/\x1b\[\d+m/g, '')).toBe(drawGame(view, { width: 80 }).join('\n'));
  });

  it('of a single game is one line', () => {
    const { variations, positions } = view;
    const single = {
      ...view,
      kind: 'game',
      isComplete: true,
      plannedVariations: 1,
      variations: variations.slice(0, 1),
    };
    const lines = drawGame({ ...single, positions: positions.slice(0, 20) }, { width: 80 });
    expect(lines.slice(0, 2)).toEqual([
      'Game j1.r1.7',
      '5×5 · komi 0.5 · go5@0123456789ab · job j1 · 38 % of LCRs above 0.400',
    ]);
    const match = drawGame({ ...single, kind: 'match', eligibleShare: 0 }, { width: 80 });
    expect(match.slice(0, 3)).toEqual(['Match j1.r1.7', '5×5 · komi 0.5 · go5@0123456789ab · job j1', '']);
    expect(lines.at(-1)).toMatch(/^ {3}0 ━{10}─{10}B +20 +B\+3\.5$/);
  });

  it('copes with a game that nothing is known of', () => {
    const lines = drawGame({ ...view, variations: view.variations.slice(0, 1), positions: [] }, { width: 80 });
    expect(lines.at(-1)).toMatch(/^ {3}0 ─{20}B/);
  });
});

describe('bars', () => {
  it('show a little of everything above the lowest value, and never more than all', () => {
    expect(drawBars([undefined, -1, 0, 0.01, 0.5, 0.99, 1, 7], 0, 1)).toBe('   ▁▄███');
    expect(drawBars([0.4, 0.5, 0.6], 0.5, 0.5)).toBe('  █');
  });
});

describe('colors', () => {
  it('are for terminals of people who do not say NO_COLOR', () => {
    expect(paintFor({ isTTY: true }, {})).toBe(ansi);
    expect(paintFor({ isTTY: true }, { NO_COLOR: '' })).toBe(ansi);
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(plain);
    expect(paintFor({ isTTY: true }, { TERM: 'dumb' })).toBe(plain);
    expect(paintFor({ isTTY: false }, {})).toBe(plain);
    expect(paintFor({}, {})).toBe(plain);
  });
});
