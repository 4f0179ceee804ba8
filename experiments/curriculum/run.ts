/**
 * Whether the choice of prompts makes reinforcement fine-tuning cheaper: runs every arm with every seed from one model, and
 * compares what they cost until they have a target accuracy, which two other seeds fixed. Runs that results/ holds already
 * are not repeated, so a stopped experiment goes on where it was.
 */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/core/errors.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { resultsFile } from '../shared/files.js';
import { armOf, arms } from './arms.js';
import { calibrationSeeds, readRuns, regimeOf, startOf } from './experiment.js';
import { plotRuns } from './plot.js';
import { makeReport, type ArmFigures, type Interval } from './report.js';

const flags = {
  regime: { type: 'string', default: 'ladder' },
  arms: { type: 'string', default: Object.keys(arms).join(',') },
  seeds: { type: 'string', default: '5' },
  jobs: { type: 'string', default: '2' },
  /** The curriculum of the keys that name none. */
  best: { type: 'string', default: 'learnability' },
  report: { type: 'boolean', default: false },
} as const;

/**
 * Keys: speedupBest (of `--best`), speedupGain and speedupLengthControl, in rollouts; ci95 of the first; seeds; halfDataDelta,
 * the final accuracy of `--best` with half the data less that of uniform with all; scoringShare; verdict by the rule of the
 * specification; `arms` has the figures of all.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: flags });
  regimeOf(values.regime);
  const wanted = values.arms.split(',');
  for (const arm of wanted) armOf(arm);
  if (!values.report) {
    checkFacts();
    await runAll(values.regime, wanted, Number(values.seeds), Number(values.jobs));
  }
  const runs = readRuns(values.regime);
  const report = makeReport(runs);
  if (!report) {
    throw new AppError('failed-precondition', `The calibration runs of '${values.regime}' are not all there yet`);
  }
  writeFileSync(resultsFile('curriculum', `${values.regime}.svg`), plotRuns(values.regime, runs, report));
  for (const line of tableOf(report.figures)) process.stderr.write(`${line}\n`);
  const figuresOf = (arm: string): ArmFigures | undefined => report.figures.find((figures) => figures.arm === arm);
  const speedup = (arm: string): number | null => figuresOf(arm)?.toUniform.ratio.rollouts.mean ?? null;
  const best = figuresOf(values.best)?.toUniform.ratio.rollouts;
  return {
    regime: values.regime,
    start: report.start,
    targets: report.targets,
    verdict: report.verdict,
    speedupBest: best?.mean ?? null,
    ci95: best ? [best.low, best.high] : null,
    speedupGain: speedup('gain'),
    speedupLengthControl: speedup('length-first'),
    seeds: figuresOf(values.best)?.seeds ?? 0,
    halfDataDelta: figuresOf(`${values.best}-half`)?.finalDifference ?? null,
    scoringShare: figuresOf('gain')?.scoringShare ?? null,
    arms: report.figures,
  };
}

/** The calibration first, then seed after seed. */
async function runAll(regime: string, wanted: readonly string[], seeds: number, jobs: number): Promise<void> {
  await startOf(regime);
  const done = new Set(readRuns(regime).map(({ arm, seed }) => `${arm} ${seed}`));
  const tasks = calibrationSeeds.map((seed): readonly [string, number] => ['uniform', seed]);
  for (let seed = 1; seed <= seeds; seed++) tasks.push(...wanted.map((arm) => [arm, seed] as const));
  const left = tasks.filter(([arm, seed]) => !done.has(`${arm} ${seed}`));
  const work = async (): Promise<void> => {
    for (let task = left.shift(); task; task = left.shift()) {
      process.stderr.write(`running ${task[0]} with seed ${task[1]}; ${left.length} to follow\n`);
      await child(['--regime', regime, '--arm', task[0], '--seed', String(task[1])]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function child(args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL('./train.js', import.meta.url));
  const process_ = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => process_.once('exit', resolve));
  if (code !== 0) throw new AppError('internal', `A run ended with code ${String(code)}; what it said is above`);
}

function tableOf(figures: readonly ArmFigures[]): string[] {
  const times = ({ mean, low, high }: Interval): string => `${mean.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  const points = ({ mean, low, high }: Interval): string =>
    [mean, low, high].map((value) => (100 * value).toFixed(1)).join(' ');
  const rows = figures.map((row) => {
    const { ratio } = row.toUniform;
    return [
      row.arm,
      `${row.reached}/${row.seeds}`,
      ...(['steps', 'rollouts', 'tokens', 'seconds'] as const).map((cost) => times(ratio[cost])),
      (100 * row.finalAccuracy.mean).toFixed(1),
      points(row.finalDifference),
      (100 * row.zeroVarianceShare).toFixed(0),
      row.coverage.toFixed(0),
    ];
  });
  const head = ['arm', 'reached', 'steps', 'rollouts', 'tokens', 'seconds', 'final %', 'difference', 'zero %', 'seen'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  '));
}
