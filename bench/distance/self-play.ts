/**
 * Self-play near and far: one worker with `--games auto` on loopback and at distances, and with the 64 games that were the default
 * before, in turns. Server and worker are processes of their own, and the network has random weights.
 */

import { median } from '../shared/statistics.js';
import { play } from '../self-play/play.js';
import { evaluationFigures } from '../self-play/shares.js';

/** How often and how long each worker is measured, and how far away it is. */
export interface SelfPlaySetup {
  readonly rounds: number;
  readonly ms: number;
  /** Milliseconds each way. */
  readonly delays: readonly number[];
}

/** Time in which a worker finds its number of games, in seconds: the games are measured after it. */
const WARMUP_SECONDS = 8;

/** Without a cache: games that have just begun all ask for the same positions, the more of them the more games there are. */
const server = { threads: 2, cacheMegabytes: 0 };
/** Nothing trains: far more positions are wanted than are played. */
const neverTrains = { minutes: 0, ratingGames: 0, startPositions: 100_000_000, maxBacklogGames: 1_000_000 };
const job = { size: 7, blocks: 4, channels: 32, visits: 32, seed: 1, ...neverTrains };

/**
 * Keys: selfPlayEvaluationsPerSecond (of the network, on loopback); selfPlayOverBefore, those over the same with 64 games; and for
 * each delay, here 25 ms each way, `selfPlayAt25`, evaluations a second over those on loopback.
 */
export async function measureSelfPlay({ rounds, ms, delays }: SelfPlaySetup): Promise<Record<string, number>> {
  const before: number[] = [];
  const near: number[] = [];
  const far = delays.map((): number[] => []);
  const rate = async (games: number | 'auto', delayMs: number): Promise<number> => {
    const time = { warmupSeconds: WARMUP_SECONDS, seconds: ms / 1000 };
    const played = await play({ server, job, precision: 'fp32', games, delayMs, ...time });
    return evaluationFigures(played).perSecond;
  };
  for (let round = 0; round < rounds; round++) {
    before.push(await rate(64, 0));
    near.push(await rate('auto', 0));
    for (const [i, delay] of delays.entries()) far[i]!.push(await rate('auto', delay));
  }
  const result: Record<string, number> = {
    selfPlayEvaluationsPerSecond: median(near),
    selfPlayOverBefore: median(near) / median(before),
  };
  for (const [i, delay] of delays.entries()) result[`selfPlayAt${delay}`] = median(far[i]!) / median(near);
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, Number(value.toPrecision(4))]));
}
