/**
 * The symmetries of a position: under which of the board's eight its stones, its bans and every move that led to it stay
 * where they are. Moves that such a symmetry exchanges lead to the same game.
 */

import type { Position } from './position.js';
import { SYMMETRIES, symmetryMap } from './symmetry.js';

/** Actions that stand for others. */
export interface SymmetricActions {
  /** [size² + 1], the action that stands for each; the lowest of those that are exchanged, often the action itself. */
  readonly representative: Int32Array;
  /** [size² + 1], the symmetry that carries `representative` to the action. */
  readonly symmetry: Uint8Array;
}

/** Undefined if the position has no symmetry but the one that moves nothing. */
export function symmetricActions(position: Position): SymmetricActions | undefined {
  const symmetries = symmetriesOf(position);
  if (symmetries.length === 1) return undefined;
  const { size, actionCount } = position;
  const representative = Int32Array.from({ length: actionCount }, (_, action) => action);
  const symmetry = new Uint8Array(actionCount);
  // In order of the actions, so that the lowest of each class comes first and claims the others.
  for (let action = 0; action < actionCount; action++) {
    if (representative[action] !== action) continue;
    for (const s of symmetries) {
      const image = symmetryMap(size, s)[action]!;
      if (image <= action || representative[image] !== image) continue;
      representative[image] = action;
      symmetry[image] = s;
    }
  }
  return { representative, symmetry };
}

function symmetriesOf(position: Position): number[] {
  const { size, moves } = position;
  const { stones, banned } = position.snapshot();
  const isBanned = new Set(banned);
  const symmetries: number[] = [];
  for (let s = 0; s < SYMMETRIES; s++) {
    const map = symmetryMap(size, s);
    const fixesMoves = moves.every((move) => map[move] === move);
    if (!fixesMoves || !stones.every((stone, point) => stones[map[point]!] === stone)) continue;
    if (banned.every((point) => isBanned.has(map[point]!))) symmetries.push(s);
  }
  return symmetries;
}
