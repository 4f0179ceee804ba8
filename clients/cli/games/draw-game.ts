/**
 * A tree of games for the terminal: what it is, the Label Change Rate (LCR) by ply, and below it on the same scale the
 * games as lines that branch off one another, each with its figures.
 */

import { drawBars } from '../terminal/sparkline.js';
import { plain, type Paint } from '../terminal/paint.js';
import { drawSideways, type DrawnTree } from '../terminal/sideways-tree.js';
import type { GameView, VariationView } from '../../shared/game-view.js';

/** Where it is drawn. */
export interface DrawingOptions {
  /** Characters across. */
  readonly width: number;
  readonly paint?: Paint;
}

/** Figures beside the tree; the first ones go first where the terminal is narrow. */
const figures: readonly {
  readonly name: string;
  readonly keep: number;
  readonly of: (variation: VariationView) => string;
}[] = [
  { name: 'PLY', keep: 3, of: ({ branch }) => branch?.ply.toString() ?? '' },
  { name: 'MOVE', keep: 4, of: ({ branch }) => branch?.move ?? '' },
  { name: 'LCR', keep: 2, of: ({ branch }) => branch?.labelChangeRate?.toFixed(3) ?? '' },
  { name: 'BACK', keep: 1, of: ({ branch }) => branch?.backUp.toString() ?? '' },
  { name: 'NEW', keep: 0, of: ({ newPositions }) => newPositions.toString() },
  { name: 'RESULT', keep: 5, of: ({ result }) => result },
];

/** The tree gives way to the figures down to this width, then the figures to the tree. */
const LEAST_TREE = 24;

/** Left of the tree: scale, and numbers of the games. */
const GUTTER = 5;

/** Draws a tree as lines of text. */
export function drawGame(view: GameView, { width, paint = plain }: DrawingOptions): string[] {
  const table = figureColumns(view.variations, width - GUTTER - LEAST_TREE);
  const heavy = new Set(
    view.positions.flatMap(({ eligible, variation, ply }) => (eligible ? [`${variation}:${ply}`] : [])),
  );
  const tree = drawSideways(
    view.variations.map(({ branch, moves, winner }, index) => ({
      parent: branch?.parent,
      from: branch?.ply ?? 0,
      to: moves,
      end: winner > 0 ? 'B' : winner < 0 ? 'W' : '=',
      isHeavy: (at) => heavy.has(`${index}:${at}`),
    })),
    width - GUTTER - table.width,
  );
  return [
    ...describe(view, width, paint),
    '',
    ...drawRates(view, tree, table.width, paint),
    paint('dim', `${'#'.padStart(GUTTER - 1)} ${axis(tree).padEnd(tree.width)}${table.header}`.trimEnd()),
    ...tree.rows.map(({ line, text }) => {
      const left = line.toString().padStart(GUTTER - 1);
      return `${paint('dim', left)} ${paintRow(text, paint)}${table.rows[line]!}`.trimEnd();
    }),
  ];
}

/** A few facts, wrapped at the bullets. */
function describe(view: GameView, width: number, paint: Paint): string[] {
  const { gameId, kind, jobId, modelVersion, size, komi, variations, positions, plannedVariations } = view;
  const played = variations.reduce((sum, { moves }) => sum + moves, 0);
  const count = (winner: number): number => variations.filter((variation) => variation.winner === winner).length;
  const facts = [`${size}×${size}`, `komi ${komi}`, modelVersion, `job ${jobId}`];
  if (kind === 'tree') {
    facts.push(
      `${variations.length} of ${plannedVariations} games${view.isComplete ? ', complete' : ''}`,
      `Black won ${count(1)}, White ${count(-1)}${count(0) > 0 ? `, drawn ${count(0)}` : ''}`,
      `${positions.length} positions for ${played} moves`,
    );
  }
  if (kind !== 'match') {
    facts.push(`${(100 * view.eligibleShare).toFixed(0)} % of LCRs above ${view.threshold.toFixed(3)}`);
    facts.push('━ a branch may begin');
  }
  const title = `${kind[0]!.toUpperCase()}${kind.slice(1)} ${gameId}`;
  const lines = [''];
  for (const fact of facts) {
    const longer = lines.at(-1) === '' ? fact : `${lines.at(-1)!} · ${fact}`;
    if (longer.length <= width || lines.at(-1) === '') lines[lines.length - 1] = longer;
    else lines.push(fact);
  }
  return [paint('bold', title), ...lines];
}

/** Mean LCR of all positions by ply: the lower line up to the threshold, the upper one what is above it. */
function drawRates({ positions, threshold }: GameView, tree: DrawnTree, room: number, paint: Paint): string[] {
  const columns = Array.from({ length: tree.width }, () => ({ sum: 0, count: 0 }));
  for (const { ply, labelChangeRate } of positions) {
    const column = columns[Math.min(tree.width - 1, Math.floor(ply / tree.placesPerColumn))]!;
    column.sum += labelChangeRate;
    column.count++;
  }
  const means = columns.map(({ sum, count }) => (count === 0 ? undefined : sum / count));
  const most = Math.max(0.5, ...means.map((mean) => mean ?? 0));
  const line = (label: string, [low, high]: [number, number], note: string, bars: Paint): string => {
    const beside = note.length + 2 <= room ? `  ${paint('dim', note)}` : '';
    return `${paint('dim', label.padStart(GUTTER - 1))} ${bars('yellow', drawBars(means, low, high))}${beside}`;
  };
  return [
    line(most.toFixed(2), [threshold, most], 'above the threshold', paint),
    line(threshold.toFixed(2), [0, threshold], 'mean LCR by ply', plain),
  ];
}

/** Plies below the bars: a number about every ten columns. */
function axis({ width, placesPerColumn }: DrawnTree): string {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((each) => each / placesPerColumn >= 8) ?? 1000;
  let text = '';
  for (let ply = 0; ; ply += step) {
    const at = Math.ceil(ply / placesPerColumn);
    if (at + ply.toString().length > width) return text;
    text = text.padEnd(at) + ply.toString();
  }
}

function paintRow(text: string, paint: Paint): string {
  return text
    .replace(/[━┯]+/g, (run) => paint('yellow', run))
    .replace(/[─┬│├└]+/g, (run) => paint('dim', run))
    .replace(/B/, paint('cyan', 'B'))
    .replace(/W/, paint('magenta', 'W'));
}

/** The figures as right-hand columns of at most `room` characters. */
function figureColumns(
  variations: readonly VariationView[],
  room: number,
): { readonly width: number; readonly header: string; readonly rows: readonly string[] } {
  let shown = figures.map(({ name, keep, of }) => {
    const cells = variations.map(of);
    return { name, keep, cells, width: 2 + Math.max(name.length, ...cells.map((cell) => cell.length)) };
  });
  const widthOf = (): number => shown.reduce((sum, { width }) => sum + width, 0);
  while (shown.length > 1 && widthOf() > room) {
    const least = Math.min(...shown.map(({ keep }) => keep));
    shown = shown.filter(({ keep }) => keep !== least);
  }
  const line = (cellOf: (column: (typeof shown)[number]) => string): string =>
    shown.map((column) => cellOf(column).padStart(column.width)).join('');
  return {
    width: widthOf(),
    header: line(({ name }) => name),
    rows: variations.map((_, index) => line(({ cells }) => cells[index]!)),
  };
}
