/** Places in a game tree: a move number in one of its games, and what is known of the position there. */

import type { GameView } from '../../shared/game-view.js';
import { sharedMovesOf, type GameRecord, type SearchRecord } from '../../../src/go/game-record.js';
import type { GamePosition } from '../../../src/proto/tengen/v1/game.js';

/** A tree as the view has it. */
export interface ShownTree {
  readonly view: GameView;
  /** By variation. */
  readonly records: readonly GameRecord[];
}

export interface Place {
  readonly variation: number;
  /** Moves before the position. */
  readonly ply: number;
}

export interface PlaceFacts {
  /** The variation in which the position came up first. */
  readonly owner: number;
  readonly search: SearchRecord | undefined;
  readonly position: GamePosition | undefined;
}

/** Finds what is known; positions before a branch are known by the variation that was branched. */
export function factsAt({ view, records }: ShownTree, { variation, ply }: Place): PlaceFacts {
  let owner = variation;
  for (let branch = view.variations[owner]?.branch; branch && ply <= branch.ply;) {
    owner = branch.parent;
    branch = view.variations[owner]?.branch;
  }
  const record = records[owner]!;
  return {
    owner,
    search: record.searches[ply - sharedMovesOf(record)],
    position: view.positions.find((position) => position.variation === owner && position.ply === ply),
  };
}

/** The search's shares of the moves [size² + 1]; undefined where there was none. */
export function sharesOf(search: SearchRecord | undefined, size: number): Float32Array | undefined {
  if (!search || search.policy.length === 0) return undefined;
  const shares = new Float32Array(size * size + 1);
  for (let i = 0; i < search.policy.length; i += 2) shares[search.policy[i]!] = search.policy[i + 1]! / 65_535;
  return shares;
}

/** Mean Label Change Rate of all positions after so many moves, by ply; undefined where nothing was searched. */
export function meanRates(positions: readonly GamePosition[]): readonly (number | undefined)[] {
  const sums: ({ sum: number; count: number } | undefined)[] = [];
  for (const { ply, labelChangeRate } of positions) {
    const at = (sums[ply] ??= { sum: 0, count: 0 });
    at.sum += labelChangeRate;
    at.count++;
  }
  return Array.from(sums, (at) => at && at.sum / at.count);
}
