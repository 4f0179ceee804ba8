/**
 * Self-play as it runs, server and worker in processes of their own and a network with random weights: positions and games a
 * second, and where the processor time goes. Nothing trains meanwhile. Positions count when their game ends, and all games begin
 * together, so a run should be several games long.
 */

import { parseArgs } from 'node:util';
import { play } from './self-play/play.js';
import { playFlags, readNumbers, readPrecision } from './self-play/settings.js';
import { evaluationFigures, sharesOf } from './self-play/shares.js';

/** Far more positions than are played, so that training never begins. */
const NEVER = 100_000_000;

/**
 * Keys: positionsPerSecond (searched and kept for training), gamesPerSecond, evaluationsPerSecond (by the network),
 * processorMicrosPerEvaluation (of both processes, all stages); networkShare, and the other shares of the processor time of
 * both processes, which add up to 1 with it: searchShare (search and board), featuresShare, serverShare (the server's main
 * thread), workerWireShare (the worker but for its search), otherShare (loading, outputs, training).
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      ...playFlags,
      visits: { type: 'string', default: '32' },
      precision: { type: 'string', default: 'fp32' },
      warmup: { type: 'string', default: '15' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const { precision: wanted, ...flags } = values;
  const precision = readPrecision(wanted);
  const { games, threads, warmup, seconds, ...network } = readNumbers(flags);
  const job = { ...network, seed: 1, minutes: 0, ratingGames: 0, startPositions: NEVER, maxBacklogGames: 1_000_000 };
  const played = await play({ server: { threads }, job, precision, games, warmupSeconds: warmup, seconds });
  const shares = sharesOf(played);
  const evaluations = evaluationFigures(played);
  const { network: networkShare, search: searchShare, features: featuresShare } = shares;
  return {
    ...network,
    games,
    threads,
    precision,
    seconds,
    positionsPerSecond: Math.round(played.positionsPerSecond),
    gamesPerSecond: rounded(played.gamesPerSecond),
    evaluationsPerSecond: Math.round(evaluations.perSecond),
    processorMicrosPerEvaluation: rounded(evaluations.processorMicros),
    networkShare: rounded(networkShare),
    searchShare: rounded(searchShare),
    featuresShare: rounded(featuresShare),
    serverShare: rounded(shares.decode + shares.encode + shares.serverRest),
    workerWireShare: rounded(shares.workerDecode + shares.workerEncode + shares.workerRest),
    otherShare: rounded(shares.outputs + shares.load + shares.batch + shares.step),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
