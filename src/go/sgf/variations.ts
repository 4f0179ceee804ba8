/**
 * The games of a tree as one SGF file, for people who want to look at what a network plays: variations are branches, and
 * what games share is there once. A single game is a tree of one.
 */

import { BLACK, WHITE, colorName } from '../color.js';
import { sharedMovesOf, type GameRecord, type SearchRecord } from '../game-record.js';
import { formatSgfPoint } from './points.js';
import { formatSgfTree, type SgfNode } from './tree.js';
import { formatResult, sgfTree } from './write.js';
import { formatVertex } from '../vertex.js';

/** How many moves of the search's policy a comment names. */
const CANDIDATES = 5;

/** What is known of a position beyond its own search. */
export interface PositionNote {
  readonly labelChangeRate: number;
  /** Whether a branch may begin here. */
  readonly eligible: boolean;
  /** Black's win probability by the search, 0 to 1. */
  readonly winRate: number;
  /** Black's expected result by the games through it, 0 to 1. */
  readonly valueLabel: number;
  /** Games through the position. */
  readonly games: number;
}

/** What goes into the file beside the games. */
export interface TreeSgfOptions {
  /** A comment on the whole, in front of what is said of the empty board. */
  readonly comment?: string;
  /** What to say of the position in which variation `variation` was before move `ply`, counted from 0. */
  readonly noteOf?: (variation: number, ply: number) => PositionNote | undefined;
}

/**
 * Writes games as SGF. The comment on a move is about the position after it: the search made there, the moves that it
 * liked, and the note. Positions with branches are hotspots (HO), a branch is named (N) after its variation, and SBKV is
 * the win rate that Sabaki draws as a graph.
 *
 * @param records of one tree, in the order of their variations, at least one
 */
export function treeToSgf(records: readonly GameRecord[], { comment, noteOf }: TreeSgfOptions = {}): string {
  const { size, rules, match, modelVersion, gameId, score, resigned } = records[0]!;
  const root = sgfTree({
    ...rules,
    size,
    black: [],
    white: [],
    toMove: BLACK,
    moves: [],
    blackName: match?.blackModel ?? modelVersion,
    whiteName: match?.whiteModel ?? modelVersion,
    gameName: gameId,
    result: formatResult(score, resigned),
    ...(comment !== undefined && { comment }),
  });
  records.forEach((record, variation) => {
    const { moves, searches } = record;
    const shared = sharedMovesOf(record);
    const result = formatResult(record.score, record.resigned);
    let node = root;
    for (let ply = 0; ply <= moves.length; ply++) {
      if (ply > 0) node = childOf(node, ply - 1, moves[ply - 1]!, size);
      if (ply < shared) continue;
      if (ply === shared && shared > 0) node.data['N'] = [`Variation ${variation}: ${result}`];
      const note = noteOf?.(variation, ply);
      describe(node, textOf(searches[ply - shared], note, ply, size));
      if (note) node.data['SBKV'] = [(100 * note.winRate).toFixed(2)];
    }
    if (records.length > 1) describe(node, [`Variation ${variation} ends: ${result}`]);
  });
  return formatSgfTree(root);
}

/** The node after a move, made if it is new; a second one makes the position a hotspot. */
function childOf(node: SgfNode, ply: number, move: number, size: number): SgfNode {
  const key = ply % 2 === 0 ? 'B' : 'W';
  const point = formatSgfPoint(move, size);
  const known = node.children.find(({ data }) => data[key]?.[0] === point);
  if (known) return known;
  const child: SgfNode = { data: { [key]: [point] }, children: [] };
  node.children.push(child);
  if (node.children.length === 2) node.data['HO'] = ['1'];
  return child;
}

function describe({ data }: SgfNode, lines: readonly string[]): void {
  if (lines.length > 0) data['C'] = [[...(data['C'] ?? []), ...lines].join('\n')];
}

function textOf(search: SearchRecord | undefined, note: PositionNote | undefined, ply: number, size: number): string[] {
  const lines: string[] = [];
  if (search && search.policy.length > 0) {
    const { value, visits, full, policy } = search;
    const toMove = colorName(ply % 2 === 0 ? BLACK : WHITE);
    lines.push(`value ${value.toFixed(3)} for ${toMove}, ${visits} visits${full ? '' : ' (cheap search)'}`);
    lines.push(likedMoves(policy, size));
  }
  if (note) {
    const { labelChangeRate, eligible, valueLabel, games } = note;
    lines.push(`LCR ${labelChangeRate.toFixed(3)}${eligible ? ', a branch may begin here' : ''}`);
    lines.push(`label ${valueLabel.toFixed(3)} for black, from ${games} game${games === 1 ? '' : 's'}`);
  }
  return lines;
}

function likedMoves(policy: SearchRecord['policy'], size: number): string {
  const candidates: [action: number, share: number][] = [];
  for (let i = 0; i < policy.length; i += 2) candidates.push([policy[i]!, policy[i + 1]! / 65_535]);
  candidates.sort((a, b) => b[1] - a[1]);
  return candidates
    .slice(0, CANDIDATES)
    .map(([action, share]) => `${formatVertex(action, size)} ${(100 * share).toFixed(1)}%`)
    .join(', ');
}
