/** The tree for a game. Variations and comments beyond the game are added to the tree before `formatSgfTree` writes it. */

import { BLACK, WHITE, type Color } from '../color.js';
import { nameInFile } from '../rule-names.js';
import { formatRules } from '../rule-sets.js';
import type { SgfGame } from './game.js';
import { formatSgfPoint } from './points.js';
import { present } from './present.js';
import type { SgfNode } from './tree.js';

/** The tree for a game; write it with `formatSgfTree`. */
export function sgfTree(game: SgfGame): SgfNode {
  const { size, komi, black, white, toMove, moves, handicap } = game;
  const points = (list: readonly number[]): string[] => list.map((point) => formatSgfPoint(point, size));
  const one = (value: string | number | undefined): string[] | undefined =>
    value === undefined ? undefined : [String(value)];
  // What a reader would take for the first player: Black, unless stones or the first move say otherwise.
  const needsPlayer = toMove === WHITE || black.length + white.length > 0 || (moves[0] && moves[0].color !== toMove);
  const properties: Record<string, string[] | undefined> = {
    GM: ['1'],
    FF: ['4'],
    CA: ['UTF-8'],
    AP: ['Tengen'],
    SZ: [String(size)],
    KM: one(komi),
    RU: one(writtenRules(game)),
    HA: one(handicap),
    PB: one(game.blackName),
    PW: one(game.whiteName),
    GN: one(game.gameName),
    RE: one(game.result),
    AB: black.length > 0 ? points(black) : undefined,
    AW: white.length > 0 ? points(white) : undefined,
    PL: needsPlayer ? [sgfColor(toMove)] : undefined,
    C: one(game.comment),
  };
  const root: SgfNode = { data: present(properties) as Record<string, string[]>, children: [] };
  let node = root;
  for (const move of moves) {
    const child: SgfNode = { data: { [sgfColor(move.color)]: [formatSgfPoint(move.action, size)] }, children: [] };
    if (move.comment !== undefined) child.data['C'] = [move.comment];
    node.children.push(child);
    node = child;
  }
  return root;
}

/** A result as SGF writes it. @param score Black's points minus White's minus komi */
export function formatResult(score: number, resigned?: Color): string {
  if (resigned !== undefined) return resigned === BLACK ? 'W+R' : 'B+R';
  if (score === 0) return '0';
  return `${score > 0 ? 'B' : 'W'}+${Math.abs(score)}`;
}

function writtenRules({ ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk }: SgfGame): string | undefined {
  if (ko === undefined || suicide === undefined) return undefined;
  const others = present({ scoring, tax, whiteHandicapBonus, friendlyPassOk });
  const rules = { ko, suicide, ...others };
  return nameInFile(rules) ?? formatRules(rules);
}

/** The property of a move by this color. */
export function sgfColor(color: Color): string {
  return color === BLACK ? 'B' : 'W';
}
