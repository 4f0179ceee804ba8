/** A review as text: a row for each move, a mark where it was bad, and what each player did. */

import { BLACK, WHITE, colorName, type Color } from '../../src/go/color.js';
import { formatVertex } from '../../src/go/vertex.js';
import { mistakeKinds, reviewPlayer, type MistakeKind, type ReviewedMove } from '../../src/player/review/review.js';
import { formatLead } from '../../src/player/review/words.js';
import { formatTable } from '../shared/table.js';

/** Moves of a better line that are shown. */
const LINE = 5;

const marks: Readonly<Record<MistakeKind, string>> = { good: '', inaccuracy: '?!', mistake: '?', blunder: '??' };

/** The whole review. */
export function showReview(moves: readonly ReviewedMove[], size: number): string {
  const rows = moves.map((move) => rowOf(move, size));
  const table = formatTable(['move', 'player', 'played', 'black wins', 'score', 'lost', '', 'better'], rows);
  return [table, '', ...([BLACK, WHITE] as const).map((color) => summaryOf(moves, color)), ''].join('\n');
}

function rowOf(move: ReviewedMove, size: number): string[] {
  const { number, color, action, after, pointsLost, kind, better } = move;
  const line = kind === 'good' ? [] : (better?.line.slice(0, LINE) ?? []);
  return [
    String(number),
    colorName(color),
    formatVertex(action, size),
    `${(100 * after.winRate).toFixed(1)} %`,
    formatLead(after.lead),
    pointsLost >= 0.05 ? pointsLost.toFixed(1) : '',
    marks[kind],
    line.map((point) => formatVertex(point, size)).join(' '),
  ];
}

function summaryOf(moves: readonly ReviewedMove[], color: Color): string {
  const { moves: own, meanPointsLost, counts } = reviewPlayer(moves, color);
  const kinds = mistakeKinds.filter((kind) => kind !== 'good' && counts[kind] > 0);
  const said = kinds.map((kind) => `${counts[kind]} ${plural(kind, counts[kind])}`).join(', ') || 'no mistakes';
  return `${colorName(color)}: ${own} moves, ${meanPointsLost.toFixed(2)} points lost a move, ${said}`;
}

function plural(kind: MistakeKind, count: number): string {
  if (count === 1) return kind;
  return kind === 'inaccuracy' ? 'inaccuracies' : `${kind}s`;
}
