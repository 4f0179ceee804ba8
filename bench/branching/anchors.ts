/** The opponents that every checkpoint of an experiment meets; fixed before the runs that are compared. */

import type { Experiment } from './experiment.js';
import { playerOf } from './experiment.js';

/** UCT with random playouts; with one playout it plays at random. */
export const uctAnchors = [
  { name: 'random', playouts: 1 },
  { name: 'uct-100', playouts: 100 },
  { name: 'uct-400', playouts: 400 },
] as const;

/** Checkpoints of plain self-play with a seed that is in no comparison. */
export function anchorsOf({ marks, positions }: Experiment): string[] {
  const shares = [1 / 8, 1 / 4, 1 / 2, 1];
  const wanted = shares.map((share) => Math.round(share * positions));
  return marks.filter((mark) => wanted.includes(mark)).map((mark) => playerOf({ arm: 'base', seed: 0, mark }));
}

/** The rating at which sample efficiency is read off: that of the frozen network of half the budget. */
export function targetOf({ positions }: Experiment): string {
  return playerOf({ arm: 'base', seed: 0, mark: Math.round(positions / 2) });
}
