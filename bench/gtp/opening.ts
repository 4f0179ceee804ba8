/** Positions near the beginning, so that nothing is found in a cache. */

import { Rng } from '../../src/core/rng.js';
import { makeOpeningBook } from '../../src/go/opening-book.js';
import { defaultRules } from '../../src/go/rules.js';
import { formatVertex } from '../../src/go/vertex.js';
import type { AnalysisEngine } from './analysis-engine.js';

/** Sets up the board after `plies` random moves. */
export async function setUpOpening(engine: AnalysisEngine, size: number, seed: number, plies = 4): Promise<void> {
  const [moves = []] = makeOpeningBook({ size, rules: defaultRules(size), plies, count: 1 }, new Rng(seed));
  await engine.ask(`boardsize ${size}`);
  await engine.ask('clear_board');
  for (const [turn, move] of moves.entries()) await engine.ask(`play ${'bw'[turn % 2]!} ${formatVertex(move, size)}`);
}
