/** Games of a network against GNU Go. */

import { Rng } from '../../../src/core/rng.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { makeOpeningBook } from '../../../src/go/opening-book.js';
import type { Position } from '../../../src/go/position.js';
import { GtpPlayer } from '../../../clients/cli/match/gtp-player.js';
import { ModelPlayer } from '../../../clients/cli/match/model-player.js';
import { playMatch } from '../../../clients/cli/match/play-match.js';
import type { Network } from './network.js';
import type { PairScore, RatingOptions } from './rating-games.js';

/** Games at once, and GNU Go processes. */
const PARALLEL = 4;

/** Plays `games` games against GNU Go, which `command` starts; from the side of the network. */
export async function gnugoGames(network: Network, command: string, options: RatingOptions): Promise<PairScore> {
  const { size, rules, games, visits } = options;
  const openings = makeOpeningBook({ size, rules, plies: 2, count: games / 2 }, new Rng(1));
  const players = [new ModelPlayer('network', serial(network), visits), new GtpPlayer(command, 'gnugo')] as const;
  const { signal } = new AbortController();
  try {
    const played = await playMatch(players, { size, rules, games, openings, parallel: PARALLEL, seed: 1, signal });
    const wins = played.filter(({ winner }) => winner === 0).length;
    const losses = played.filter(({ winner }) => winner === 1).length;
    return { wins, losses, draws: games - wins - losses };
  } finally {
    await Promise.all(players.map((player) => player.close()));
  }
}

/** The network as an evaluator of several games; it runs one question at a time. */
function serial(network: Network): { evaluate(positions: readonly Position[]): Promise<readonly GoEvaluation[]> } {
  let last: Promise<unknown> = Promise.resolve();
  return {
    evaluate: (positions) => {
      const copies = positions.map((position) => position.clone());
      const answer = last.then(() => network.evaluate(copies));
      last = answer;
      return answer;
    },
  };
}
