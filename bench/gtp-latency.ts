/**
 * How soon an analysis says something, and how fast it goes on: a real server, a real bridge process and a network of
 * KataGo's on loopback. For positions along a game of random moves, the time from writing `kata-analyze` to the first
 * `info` in the answer; then the visits a second of an analysis of the empty board, on 9×9 and 19×19.
 */

import { parseArgs } from 'node:util';
import { Rng } from '../src/core/rng.js';
import { makeOpeningBook } from '../src/go/opening-book.js';
import { defaultRules } from '../src/go/rules.js';
import { formatVertex } from '../src/go/vertex.js';
import { startBridge, withServedNetwork } from './gtp/analysis-engine.js';
import { quantile } from './shared/statistics.js';
import { usualNetwork } from './shared/usual-network.js';

/** `--net` a `.bin.gz`, `--positions` on 9×9, `--seconds` of each analysis whose speed is measured. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: usualNetwork },
      positions: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '10' },
    },
  });
  return withServedNetwork(flags.net, (address) => measure(address, Number(flags.positions), Number(flags.seconds)));
}

async function measure(address: string, positions: number, seconds: number): Promise<Record<string, unknown>> {
  const bridge = startBridge(address);
  try {
    const firstMs: number[] = [];
    await bridge.ask('boardsize 9');
    // Compiles the network for this size; a user waits for that once in the life of a server.
    await bridge.analyze(0);
    const book = { size: 9, rules: defaultRules(9), count: positions };
    for (let position = 0; position < positions; position++) {
      const [moves = []] = makeOpeningBook({ ...book, plies: 2 * position, count: 1 }, new Rng(position));
      await bridge.ask('clear_board');
      for (const [turn, move] of moves.entries()) await bridge.ask(`play ${'bw'[turn % 2]!} ${formatVertex(move, 9)}`);
      firstMs.push((await bridge.analyze(0)).firstMs);
    }
    const speeds: Record<number, number> = {};
    for (const size of [9, 19]) {
      await bridge.ask(`boardsize ${size}`);
      await bridge.analyze(0);
      await bridge.ask('clear_board');
      speeds[size] = (await bridge.analyze(seconds * 1000)).visitsPerSecond;
    }
    return {
      firstInfoMs: quantile(firstMs, 0.5),
      firstInfoMs90: quantile(firstMs, 0.9),
      positions,
      visitsPerSecond9: Math.round(speeds[9]!),
      visitsPerSecond19: Math.round(speeds[19]!),
    };
  } finally {
    await bridge.close();
  }
}
