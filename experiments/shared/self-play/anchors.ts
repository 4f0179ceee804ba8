/** The opponents that every checkpoint of an experiment meets; fixed before the runs that are compared. */

import { playerOf, type Experiment } from './experiment.js';

/** UCT with random playouts; with one playout it plays at random. */
export const uctAnchors = [
  { name: 'random', playouts: 1 },
  { name: 'uct-100', playouts: 100 },
  { name: 'uct-400', playouts: 400 },
  { name: 'uct-1000', playouts: 1000 },
] as const;

/**
 * Who a checkpoint meets: the anchors of about its own strength, since a game whose result is certain says little, and
 * plain self-play of the same seed and budget.
 */
export function opponentsOf(experiment: Experiment, player: string): string[] {
  const [arm, seed, markText] = player.split('/') as [string, string, string];
  const mark = Number(markText);
  const { positions } = experiment;
  const near = anchorsOf(experiment).filter((anchor) => {
    const ratio = Number(anchor.split('/')[2]) / mark;
    return ratio > 0.4 && ratio < 2.1;
  });
  const uct =
    mark <= positions / 8
      ? ['random', 'uct-100']
      : mark <= positions / 2
        ? ['uct-100', 'uct-400']
        : ['uct-400', 'uct-1000'];
  // GNU Go can think for minutes about a won position, so it meets only the anchors, which place it on the scale.
  const gnugo = arm === 'base' && Number(seed) === 0 && mark >= positions / 2 ? ['gnugo'] : [];
  const plain = arm === 'base' ? [] : [`base/${seed}/${mark}`];
  return [...near, ...uct, ...gnugo, ...plain].filter((opponent) => opponent !== player);
}

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
