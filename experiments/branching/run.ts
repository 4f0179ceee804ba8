/**
 * Whether branching makes self-play learn from fewer positions: trains every arm with every seed, rates all checkpoints
 * against the same opponents, and compares. Runs and games that results/ holds already are not repeated, so a stopped
 * experiment goes on where it was.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkFacts } from '../../bench/shared/append-result.js';
import { AppError, check } from '../../src/core/errors.js';
import { readResults, type Experiment } from '../shared/self-play/experiment.js';
import { arms } from './arms.js';
import { report } from './report.js';
import { experimentFlags, readExperiment } from './settings.js';

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

/** Keys: those of report.ts for `--arm`. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: flags });
  const experiment = readExperiment(values);
  const wanted = values.arms.split(',');
  for (const arm of [...wanted, values.arm]) {
    check(arm in arms, () => `--arms has '${arm}'; arms are ${Object.keys(arms).join(', ')}`);
  }
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
  return report(experiment, values.arm);
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
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const process_ = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => process_.once('exit', resolve));
  if (code !== 0) throw new AppError('internal', `${name} ended with code ${String(code)}; what it said is above`);
}
