/**
 * Whether the Label Change Rate read off a search is what happens when games are replayed: positions of self-play games,
 * each played on twice with fresh randomness, the share of pairs with different winners beside the mean of 2v(1 − v).
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { GameTask } from '../../../clients/self-play/game-task.js';
import type { Question, RunningGame } from '../../../clients/self-play/running-game.js';
import { playSelfPlay } from '../../../clients/self-play/self-play-game.js';
import { check } from '../../../src/core/errors.js';
import { Rng } from '../../../src/core/rng.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { resultForBlack, type GameRecord } from '../../../src/go/game-record.js';
import { labelChangeRate } from '../../../src/methods/branching/label-change-rate.js';
import { LockstepGroup } from '../../../src/search/drive.js';
import { playSettings } from '../../../src/trainer/alphazero/config.js';
import { withEngine } from '../../shared/engine.js';
import { Network } from '../../shared/self-play/network.js';
import { configOf, experimentFlags, readExperiment } from '../settings.js';
import { compare, type Pair } from './compare.js';

/** Games at once. */
const SLOTS = 64;

interface Wanted {
  readonly games: number;
  readonly positionsPerGame: number;
}

/** Keys: network (its file), board, visits, games, positions, and those of compare.ts. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      ...experimentFlags,
      network: { type: 'string', default: '' },
      games: { type: 'string', default: '300' },
      'positions-per-game': { type: 'string', default: '8' },
      visits: { type: 'string', default: '64' },
      seed: { type: 'string', default: '1' },
    },
  });
  check(values.network !== '', 'The experiment needs --network FILE, a network that branching has trained');
  const experiment = readExperiment(values);
  const [seed, visits] = [Number(values.seed), Number(values.visits)];
  const settings = { ...playSettings(configOf(experiment, 'base', seed), 'self-play'), visits };
  const task: GameTask = { gameId: 'game', jobId: 'bench', modelVersion: 'network', seed, settings };
  const wanted = { games: Number(values.games), positionsPerGame: Number(values['positions-per-game']) };
  const pairs = await withEngine(async (engine) =>
    replay(await Network.load(readFileSync(values.network), engine), task, wanted),
  );
  const network = values.network.split('/').at(-1);
  return { network, board: experiment.size, visits, games: wanted.games, positions: pairs.length, ...compare(pairs) };
}

/** Plays games, and plays on twice from positions of each. */
async function replay(network: Network, task: GameTask, { games, positionsPerGame }: Wanted): Promise<Pair[]> {
  const rng = new Rng(task.seed);
  const played = await playAll(
    network,
    Array.from({ length: games }, (_, i) => playSelfPlay(task, { moves: [], rng: rng.fork(i) })),
  );
  const positions = played.flatMap(({ moves, searches }) =>
    Array.from({ length: positionsPerGame }, () => rng.int(moves.length)).map((ply) => ({
      ply,
      lcr: labelChangeRate((1 + searches[ply]!.value) / 2),
      moves: moves.slice(0, ply),
    })),
  );
  const replays = await playAll(
    network,
    positions.flatMap(({ moves }, i) =>
      [0, 1].map((copy) => playSelfPlay(task, { moves, rng: rng.fork(1_000_000 + 2 * i + copy) })),
    ),
  );
  await network.release();
  return positions.map(({ ply, lcr }, i) => ({
    ply,
    lcr,
    changed: resultForBlack(replays[2 * i]!) === resultForBlack(replays[2 * i + 1]!) ? 0 : 1,
  }));
}

/** Plays the games to their ends, `SLOTS` at once. */
async function playAll(network: Network, running: readonly RunningGame[]): Promise<GameRecord[]> {
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
