/** How many games fit in the memory of this machine. */

import { totalmem } from 'node:os';
import type { PlaySettings } from './game-task.js';

/** Share of the memory that the trees of a worker may take. */
const SHARE = 1 / 4;

/** Bytes of a node of a tree, and of an edge (`search/tree.ts`). */
const NODE_BYTES = 42;
const EDGE_BYTES = 14;

/** Most bytes of the tree of a game, in which a search keeps about as many nodes of the searches before as the search adds. */
export function treeBytes({ size, visits }: Pick<PlaySettings, 'size' | 'visits'>): number {
  return 2 * visits * (NODE_BYTES + EDGE_BYTES * (size * size + 1));
}

/** Games that may be played at once if each of them has a tree of so many bytes. */
export function gamesInMemory(bytes: number): number {
  // A container may have less than the machine; 0 stands for no limit.
  const limit = process.constrainedMemory() || Infinity;
  return Math.max(1, Math.floor((SHARE * Math.min(limit, totalmem())) / bytes));
}
