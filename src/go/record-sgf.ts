/** A game record as SGF, for people who want to look at what a network plays. */

import { BLACK, WHITE, type Color } from './color.js';
import type { GameRecord, SearchRecord } from './game-record.js';
import { formatSgfTree } from './sgf-tree.js';
import { formatResult, sgfTree, type SgfMove } from './sgf.js';
import { formatVertex } from './vertex.js';

/** How many moves of the search's policy a comment names. */
const CANDIDATES = 5;

/** The game with a comment on every searched move: visits, value, and the moves that the search liked best. */
export function recordToSgf(record: GameRecord): string {
  const { size, rules, match, modelVersion, gameId, score, resigned } = record;
  const moves = record.moves.map((action, index): SgfMove => {
    const color: Color = index % 2 === 0 ? BLACK : WHITE;
    const search = record.searches[index];
    if (search === undefined || search.policy.length === 0) return { color, action };
    return { color, action, comment: describeSearch(search, size) };
  });
  return formatSgfTree(
    sgfTree({
      ...rules,
      size,
      black: [],
      white: [],
      toMove: BLACK,
      moves,
      blackName: match?.blackModel ?? modelVersion,
      whiteName: match?.whiteModel ?? modelVersion,
      gameName: gameId,
      result: formatResult(score, resigned),
    }),
  );
}

function describeSearch({ policy, value, visits }: SearchRecord, size: number): string {
  const candidates: [action: number, share: number][] = [];
  for (let i = 0; i < policy.length; i += 2) candidates.push([policy[i]!, policy[i + 1]! / 65_535]);
  candidates.sort((a, b) => b[1] - a[1]);
  const liked = candidates
    .slice(0, CANDIDATES)
    .map(([action, share]) => `${formatVertex(action, size)} ${(100 * share).toFixed(1)}%`);
  return `${visits} visits, value ${value.toFixed(3)}\n${liked.join(', ')}`;
}
