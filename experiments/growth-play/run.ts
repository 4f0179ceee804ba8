/**
 * Self-play that starts with a small network and grows it, against one of the final size from the start, at equal cost:
 * multiplications of evaluations, training, growth and the match that the grown network must pass. All checkpoints are
 * rated against the same opponents. Runs and games that bench/results holds already are not repeated, so a stopped
 * benchmark goes on where it was.
 *
 *   npm run bench -- growth-play --positions 24000 --seeds 3
 *   npm run bench -- growth-play --report        figures of the committed results, and the plot, without running
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, check } from '../../src/core/errors.js';
import type { Engine } from '../../src/engine/engine.js';
import { rulesOf } from '../../src/trainer/alphazero/config.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { opponentsOf } from '../shared/self-play/anchors.js';
import { appendResult, networkFile, playerOf, readResults, type Experiment } from '../shared/self-play/experiment.js';
import type { Network } from '../shared/self-play/network.js';
import { plotReport } from '../shared/self-play/plot.js';
import { rateCheckpoints } from '../shared/self-play/rate-checkpoints.js';
import { ratingGames } from '../shared/self-play/rating-games.js';
import { makeReport } from '../shared/self-play/report.js';
import { trainingRun } from '../shared/self-play/training-run.js';
import { arms, configOf, positionCost, type Arm } from './arms.js';
import { withEngine } from '../growth/training.js';

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

/**
 * Keys: costEfficiency (cost of `base` over that of the arm at the rating of half the budget, less 1) with ci95,
 * eloDifference (mean over the marks) with eloInterval, finalEloDifference, seeds, board, positions (the budget, in searched
 * positions of the final size); `arms` holds the same of all arms.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: flags });
  const wanted = values.arms.split(',');
  for (const arm of [...wanted, values.arm]) {
    check(arm in arms, () => `--arms has '${arm}'; arms are ${Object.keys(arms).join(', ')}`);
  }
  const [size, positions] = [Number(values.board), Number(values.positions)];
  const experiment: Experiment = {
    name: `growth-play-${size}x${size}`,
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
  const report = makeReport(experiment, readResults(experiment));
  const shown = report.curves.map(({ arm }) => arm);
  writeFileSync(join('bench', 'results', `${experiment.name}.svg`), plotReport(experiment, report, shown));
  const chosen = report.figures.find(({ arm }) => arm === values.arm);
  if (!chosen)
    throw new AppError('failed-precondition', `There are no results of arm '${values.arm}' beside 'base' yet`);
  const { targetElo, seedDeviation, anchors, figures } = report;
  const { sampleEfficiency: costEfficiency, ...rest } = chosen;
  return { costEfficiency, ...rest, positions, board: size, targetElo, seedDeviation, anchors, arms: figures };
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
