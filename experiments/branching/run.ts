/**
 * Whether branching makes self-play learn from fewer positions: trains every arm with every seed, rates all checkpoints
 * against the same opponents, and compares. Runs and games that bench/results holds already are not repeated, so a
 * stopped benchmark goes on where it was.
 *
 *   npm run bench -- branching --board 7 --positions 64000 --arms base,uge --seeds 6 --jobs 2
 *   npm run bench -- branching --report          figures of the committed results, and the plot, without running
 */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AppError, check } from '../../src/core/errors.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { arms } from './arms.js';
import { experimentFlags, readExperiment, readResults, type Experiment } from '../shared/self-play/experiment.js';
import { plotReport } from '../shared/self-play/plot.js';
import { makeReport, type ArmFigures } from '../shared/self-play/report.js';

const flags = {
  ...experimentFlags,
  positions: { type: 'string', default: '64000' },
  arms: { type: 'string', default: 'base,uge' },
  /** Compared with plain self-play in the keys of the JSON line. */
  arm: { type: 'string', default: 'uge' },
  seeds: { type: 'string', default: '6' },
  jobs: { type: 'string', default: '2' },
  report: { type: 'boolean', default: false },
} as const;

/** Keys: sampleEfficiency, ci95, eloDifference, seeds, positions, board of `--arm`; `arms` holds the same of all arms. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: flags });
  const experiment = readExperiment(values);
  const wanted = values.arms.split(',');
  for (const arm of [...wanted, values.arm]) {
    check(arm in arms, () => `--arms has '${arm}'; arms are ${Object.keys(arms).join(', ')}`);
  }
  const { size: board, positions } = experiment;
  if (!values.report) {
    checkFacts();
    const common = [
      ...['--board', values.board, '--positions', values.positions, '--slots', values.slots, '--name', values.name],
      ...['--version-every', values['version-every'], ...values.set.flatMap((setting) => ['--set', setting])],
    ];
    await trainAll(experiment, wanted, Number(values.seeds), Number(values.jobs), common);
    const parts = Array.from({ length: Number(values.jobs) }, (_, part) => String(part));
    await Promise.all(parts.map((part) => child('rate', [...common, '--part', part, '--parts', values.jobs])));
  }
  const report = makeReport(experiment, readResults(experiment));
  const shown = report.curves.map(({ arm }) => arm);
  writeFileSync(join('bench', 'results', `${experiment.name}.svg`), plotReport(experiment, report, shown));
  for (const line of tableOf(report.figures)) process.stderr.write(`${line}\n`);
  const chosen = report.figures.find(({ arm }) => arm === values.arm);
  if (!chosen)
    throw new AppError('failed-precondition', `There are no results of arm '${values.arm}' beside 'base' yet`);
  const { targetElo, seedDeviation, anchors, figures } = report;
  return { ...chosen, positions, board, targetElo, seedDeviation, anchors, arms: figures };
}

/** Trains what the results lack, the anchors' run first, then seed after seed. */
async function trainAll(
  experiment: Experiment,
  wanted: readonly string[],
  seeds: number,
  jobs: number,
  common: readonly string[],
): Promise<void> {
  const done = new Set(
    readResults(experiment).flatMap((line) =>
      line.kind === 'checkpoint' && line.mark === experiment.positions ? [`${line.arm} ${line.seed}`] : [],
    ),
  );
  const tasks = [['base', 0] as const];
  for (let seed = 1; seed <= seeds; seed++) tasks.push(...wanted.map((arm) => [arm, seed] as never));
  const left = tasks.filter(([arm, seed]) => !done.has(`${arm} ${seed}`));
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task; task = left.shift()) {
      process.stderr.write(`training ${task[0]} with seed ${task[1]}; ${left.length} to follow\n`);
      await child('train', [...common, '--arm', task[0], '--seed', String(task[1])]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function child(name: 'train' | 'rate', args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL(`./branching/${name}.js`, import.meta.url));
  const process_ = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => process_.once('exit', resolve));
  if (code !== 0) throw new AppError('internal', `${name} ended with code ${String(code)}; what it said is above`);
}

function tableOf(figures: readonly ArmFigures[]): string[] {
  const percent = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(0)} %`);
  const sign = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(0)}`;
  return [
    'arm               seeds  Elo difference (95 %)     at the end  sample efficiency (95 %)',
    ...figures.map(({ arm, seeds, eloDifference, eloInterval, finalEloDifference, sampleEfficiency, ci95 }) =>
      [
        arm.padEnd(18),
        String(seeds).padStart(5),
        `  ${sign(eloDifference)} (${eloInterval.map(sign).join(' to ')})`.padEnd(27),
        sign(finalEloDifference).padStart(10),
        `  ${percent(sampleEfficiency)} (${ci95.map(percent).join(' to ')})`,
      ].join(''),
    ),
  ];
}
