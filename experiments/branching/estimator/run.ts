/**
 * Whether the Label Change Rate read off a search is what happens when games are replayed: positions of self-play games,
 * each played on twice with fresh randomness, the share of pairs with different winners beside the mean of 2v(1 − v).
 *
 *   node dist/bench/branching/estimator.js --network FILE [--games 300] [--visits 64] [--json]
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Rng } from '../../../src/core/rng.js';
import { openEngine } from '../../../src/engine/open-engine.js';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { resultForBlack, type GameRecord } from '../../../src/go/game-record.js';
import { labelChangeRate } from '../../../src/methods/branching/label-change-rate.js';
import { LockstepGroup } from '../../../src/search/drive.js';
import { playSettings } from '../../../src/trainer/alphazero/config.js';
import type { GameTask } from '../../../clients/self-play/game-task.js';
import type { Question, RunningGame } from '../../../clients/self-play/running-game.js';
import { playSelfPlay } from '../../../clients/self-play/self-play-game.js';
import { mean } from '../../../bench/shared/statistics.js';
import { configOf, experimentFlags, readExperiment } from '../../shared/self-play/experiment.js';
import { Network } from '../../shared/self-play/network.js';

/** Plies that are averaged together: a pair of games is one coin, so a mean over few positions says nothing. */
const PLIES_A_BIN = 8;
/** Bins with fewer positions are left out of the curve. */
const LEAST_A_BIN = 100;
/** Games at once. */
const SLOTS = 64;

const { values } = parseArgs({
  options: {
    ...experimentFlags,
    network: { type: 'string', default: '' },
    games: { type: 'string', default: '300' },
    'positions-per-game': { type: 'string', default: '8' },
    visits: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
});
const experiment = readExperiment(values);
const seed = Number(values.seed);
const settings = { ...playSettings(configOf(experiment, 'base', seed), 'self-play'), visits: Number(values.visits) };
const network = await Network.load(readFileSync(values.network), await openEngine(cpuEngine));
const task: GameTask = { gameId: 'game', jobId: 'bench', modelVersion: 'network', seed, settings };

const rng = new Rng(seed);
const games = await playAll(
  Array.from({ length: Number(values.games) }, (_, i) => playSelfPlay(task, { moves: [], rng: rng.fork(i) })),
);
const positions = games.flatMap(({ moves, searches }) =>
  Array.from({ length: Number(values['positions-per-game']) }, () => rng.int(moves.length)).map((ply) => ({
    ply,
    lcr: labelChangeRate((1 + searches[ply]!.value) / 2),
    moves: moves.slice(0, ply),
  })),
);
const replays = await playAll(
  positions.flatMap(({ moves }, i) =>
    [0, 1].map((copy) => playSelfPlay(task, { moves, rng: rng.fork(1_000_000 + 2 * i + copy) })),
  ),
);
const pairs = positions.map(({ ply, lcr }, i) => ({
  ply,
  lcr,
  changed: resultForBlack(replays[2 * i]!) === resultForBlack(replays[2 * i + 1]!) ? 0 : 1,
}));

const byPly = bins(pairs, ({ ply }) => Math.floor(ply / PLIES_A_BIN));
const curve = byPly
  .filter(({ count }) => count >= LEAST_A_BIN)
  .map((bin) => ({ ply: (bin.key + 0.5) * PLIES_A_BIN, ...shown(bin) }));
const reliability = bins(pairs, ({ lcr }) => Math.min(9, Math.floor(lcr * 20))).map((bin) => ({
  from: bin.key / 20,
  ...shown(bin),
}));
const result = {
  name: 'lcr-estimator',
  network: values.network.split('/').at(-1),
  board: experiment.size,
  visits: settings.visits,
  games: games.length,
  positions: positions.length,
  curveRmse: Math.sqrt(mean(curve.map(({ empirical, estimated }) => (empirical - estimated) ** 2))),
  // What the curve would show if the estimate were exact: the noise of the coins alone.
  noiseRmse: Math.sqrt(mean(curve.map(({ estimated, count }) => (estimated * (1 - estimated)) / count))),
  curve,
  reliability,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Plays the games to their ends, `SLOTS` at once. */
async function playAll(running: readonly RunningGame[]): Promise<GameRecord[]> {
  const records = new Array<GameRecord>(running.length);
  const group = new LockstepGroup<Question, readonly GoEvaluation[], GameRecord>();
  let next = 0;
  while (next < running.length || group.size > 0) {
    while (group.size < SLOTS && next < running.length) {
      const index = next++;
      const onDone = (record: GameRecord): void => void (records[index] = record);
      group.add(running[index]!, onDone, (error) => {
        throw error;
      });
    }
    await group.step(async (questions) => {
      const evaluations = await network.evaluate(questions.flatMap((question) => question.positions));
      let from = 0;
      return questions.map((question) => evaluations.slice(from, (from += question.positions.length)));
    });
  }
  return records;
}

interface Pair {
  readonly ply: number;
  readonly lcr: number;
  readonly changed: number;
}

interface Bin {
  readonly key: number;
  readonly count: number;
  readonly pairs: readonly Pair[];
}

function bins(of: readonly Pair[], keyOf: (pair: Pair) => number): Bin[] {
  const groups = new Map<number, Pair[]>();
  for (const pair of of) {
    const group = groups.get(keyOf(pair));
    if (group) group.push(pair);
    else groups.set(keyOf(pair), [pair]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([key, members]) => ({ key, count: members.length, pairs: members }));
}

function shown({ count, pairs: members }: Bin): { estimated: number; empirical: number; count: number } {
  return { count, estimated: mean(members.map(({ lcr }) => lcr)), empirical: mean(members.map((p) => p.changed)) };
}
