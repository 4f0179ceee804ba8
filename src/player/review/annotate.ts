/** A review written into the file that was reviewed: comments and better lines beside what the file has. */

import { colorName } from '../../go/color.js';
import { formatSgfPoint } from '../../go/sgf/points.js';
import type { SgfNode } from '../../go/sgf/tree.js';
import { sgfColor } from '../../go/sgf/write.js';
import { opponent } from '../../go/color.js';
import { formatVertex } from '../../go/vertex.js';
import type { ReviewedMove } from './review.js';
import { formatLead } from './words.js';

/** Moves of a better line. */
const LINE = 10;

/**
 * Adds to the node of each move what the review says of it, and a variation with the better line where the move is none of the
 * good ones. `SBKV` is the win rate that Sabaki draws as a graph. Comments and variations of the file stay.
 *
 * @param nodes of all moves of the game, in their order
 * @param parents of these nodes
 */
export function annotate(
  moves: readonly ReviewedMove[],
  nodes: readonly SgfNode[],
  parents: ReadonlyMap<SgfNode, SgfNode>,
  size: number,
): void {
  for (const move of moves) {
    const node = nodes[move.number - 1]!;
    node.data['C'] = [[...(node.data['C'] ?? []), commentOn(move, size)].join('\n\n')];
    node.data['SBKV'] = [(100 * move.after.winRate).toFixed(2)];
    const parent = parents.get(node);
    if (move.kind !== 'good' && move.better && parent) parent.children.push(lineOf(move, move.better.line, size));
  }
}

function commentOn(move: ReviewedMove, size: number): string {
  const { number, color, action, before, after, pointsLost, kind, better } = move;
  const lines = [
    `Move ${number}: ${colorName(color)} ${formatVertex(action, size)}${kind === 'good' ? '' : `, ${kind}`}`,
    `Score: ${formatLead(after.lead)}`,
    `Black wins: ${(100 * after.winRate).toFixed(1)} %`,
  ];
  if (kind !== 'good' && better) {
    lines.push(
      `Points lost: ${pointsLost.toFixed(1)}`,
      `Better: ${formatVertex(better.action, size)} (${formatLead(before.lead)})`,
    );
  }
  return lines.join('\n');
}

/** A line as a variation, its first node named. */
function lineOf({ color }: ReviewedMove, line: readonly number[], size: number): SgfNode {
  let first: SgfNode | undefined;
  let last: SgfNode | undefined;
  let player = color;
  for (const action of line.slice(0, LINE)) {
    const node: SgfNode = { data: { [sgfColor(player)]: [formatSgfPoint(action, size)] }, children: [] };
    if (last) last.children.push(node);
    else node.data['N'] = ['better'];
    first ??= node;
    last = node;
    player = opponent(player);
  }
  return first!;
}
