/**
 * Self-play that starts with a small network and grows it, against one of the final size from the start, at equal cost:
 * multiplications of evaluations, training, growth and the match that the grown network must pass. All checkpoints are
 * rated against the same opponents. Runs and games that results/ holds already are not repeated, so a stopped experiment
 * goes on where it was.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import type { Engine } from '../../src/engine/engine.js';
import { rulesOf } from '../../src/trainer/alphazero/config.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { withEngine } from '../shared/engine.js';
import { opponentsOf } from '../shared/self-play/anchors.js';
import { appendResult, networkFile, playerOf, readResults, type Experiment } from '../shared/self-play/experiment.js';
import type { Network } from '../shared/self-play/network.js';
import { rateCheckpoints } from '../shared/self-play/rate-checkpoints.js';
import { ratingGames } from '../shared/self-play/rating-games.js';
import { trainingRun } from '../shared/self-play/training-run.js';
import { arms, configOf, positionCost, type Arm } from './arms.js';
import { report } from './report.js';

/** Simulations of a search in games between checkpoints. */
const VISITS = 32;
/** Opponents that take longer than they tell. */
const SLOW = ['gnugo', 'uct-1000'];

const flags = {
  board: { type: 'string', default: '7' },
  positions: { type: 'string', default: '24000' },
  arms: { type: 'string', default: 'base,grow,small' },
  /** Compared with the final size from the start in the keys of the JSON line. */
  arm: { type: 'string', default: 'grow' },
  seeds: { type: 'string', default: '3' },
  games: { type: 'string', default: '40' },
  report: { type: 'boolean', default: false },
} as const;

/** Keys: those of report.ts for `--arm`. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: flags });
  const wanted = values.arms.split(',');
  for (const arm of [...wanted, values.arm]) {
    check(arm in arms, () => `--arms has '${arm}'; arms are ${Object.keys(arms).join(', ')}`);
  }
  const [size, positions] = [Number(values.board), Number(values.positions)];
  const experiment: Experiment = {
    folder: 'growth-play',
    name: `${size}x${size}`,
    size,
    positions,
    slots: 32,
    versionEvery: 2000,
    set: {},
    marks: [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1].map((share) => Math.round(positions * share)),
    markName: 'cost in searched positions of the final size',
  };
  if (!values.report) {
    checkFacts();
    await withEngine((engine) =>
      runAll(experiment, engine, wanted as Arm[], Number(values.seeds), Number(values.games)),
    );
  }
  return report(experiment, values.arm);
}

/** The anchors' run first, then seed after seed, each rated when it is done. */
async function runAll(
  experiment: Experiment,
  engine: Engine,
  wanted: readonly Arm[],
  seeds: number,
  games: number,
): Promise<void> {
  for (let seed = 0; seed <= seeds; seed++) {
    for (const arm of seed === 0 ? (['base'] as const) : wanted) {
      const isMade = readResults(experiment).some((line) => {
        return (
          line.kind === 'checkpoint' && line.arm === arm && line.seed === seed && line.mark === experiment.positions
        );
      });
      if (!isMade) await train(experiment, arm, seed);
    }
    await rateCheckpoints(experiment, engine, {
      size: experiment.size,
      rules: rulesOf(configOf('base', experiment.size, 1, experiment.positions)),
      games,
      visits: VISITS,
      gnugoGames: 0,
      isWanted: () => true,
      priority: (player) => Number(player.split('/')[2]),
      opponentsOf: (player) => {
        const common = opponentsOf(experiment, player).filter((opponent) => !SLOW.includes(opponent));
        return player.startsWith('small/') ? [...common, player.replace('small', 'grow')] : common;
      },
    });
  }
}

async function train(experiment: Experiment, arm: Arm, seed: number): Promise<void> {
  const { size, positions, marks, slots, versionEvery } = experiment;
  const config = configOf(arm, size, seed, positions);
  process.stderr.write(`training ${arm} with seed ${seed}\n`);
  const takesOver = async (candidate: Network, playing: Network): Promise<boolean> => {
    const sides = [
      { name: 'candidate', network: candidate },
      { name: 'playing', network: playing },
    ] as const;
    const [score] = await ratingGames(sides[0], [sides[1]], {
      size,
      rules: rulesOf(config),
      games: config.ratingGames,
      visits: config.visits,
    });
    return score!.wins >= score!.losses;
  };
  await trainingRun({
    config,
    marks,
    slots,
    versionEvery,
    takesOver,
    markCost: positionCost(size),
    onCheckpoint: ({ modelFile, trees, ...checkpoint }) => {
      const line = { kind: 'checkpoint', arm, seed, ...checkpoint, ...(trees && { trees: { ...trees } }) } as const;
      writeFileSync(networkFile(experiment, playerOf(line)), modelFile);
      appendResult(experiment, line);
      return Promise.resolve();
    },
  });
}
