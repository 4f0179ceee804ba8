/** Somebody who analyses all the time: the GTP bridge, position after position of random games. */

import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { makeOpeningBook } from '../../src/go/opening-book.js';
import { defaultRules } from '../../src/go/rules.js';
import { formatVertex } from '../../src/go/vertex.js';
import { type AnalysisEngine, startBridge } from '../gtp/analysis-engine.js';

/** Time spent on a position, in ms. */
const POSITION_MS = 1500;
/** The search rests there, so that the tree of a slow machine and of a fast one have a bound. */
const VISITS = 2000;
/** Times that a new bridge is asked to begin. */
const ATTEMPTS = 20;

export interface Analyses {
  positions: number;
  /** Bridges that had to be started again. */
  errors: number;
}

/** Analyses until `signal` aborts; counts in `analyses` as it goes. */
export async function analyze(
  options: { readonly address: string; readonly model: string; readonly size: number; readonly signal: AbortSignal },
  analyses: Analyses,
): Promise<void> {
  const { address, model, size, signal } = options;
  const rng = new Rng(1);
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const bridge = startBridge(address, model, VISITS);
    try {
      await begin(bridge, size);
      for (; !isOver(); analyses.positions++) {
        const [moves = []] = makeOpeningBook(
          { size, rules: defaultRules(size), plies: rng.int(size * 2), count: 1 },
          rng,
        );
        await bridge.ask('clear_board');
        for (const [turn, move] of moves.entries()) {
          await bridge.ask(`play ${'bw'[turn % 2]!} ${formatVertex(move, size)}`);
        }
        await bridge.analyze(POSITION_MS);
      }
    } catch (error) {
      analyses.errors++;
      process.stderr.write(`analysis: ${AppError.from(error).message}\n`);
      await new Promise((resolve) => setTimeout(resolve, POSITION_MS));
    }
    await bridge.close();
  }
}

/** Asks until the bridge has had an answer of the server, which it waits three seconds for: this machine is busy. */
async function begin(bridge: AnalysisEngine, size: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await bridge.ask(`boardsize ${size}`);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
