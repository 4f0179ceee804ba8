/**
 * Growth against training from scratch: multiplications until a grown network reaches the loss that the same network reaches
 * from scratch, by seed. Runs append to bench/results/growth-TASK.json and are not made again; `--report` only reads them.
 */

import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import type { AnyArchitecture } from '../src/nn/model-file.js';
import { arms } from './growth/arms.js';
import { languageSubject } from './growth/language.js';
import { type ArmReport, lastLoss, reportArms } from './growth/report.js';
import { readRuns } from './growth/results.js';
import { makeRun } from './growth/run.js';
import type { Subject } from './growth/subject.js';
import { withEngine } from './growth/training.js';

const tasks = { language: () => languageSubject(), 'language-wide': () => languageSubject(true) };

/**
 * Keys: `saving` with `ci95` and `savingSmallCharged` of the operator started exactly, `overBert2Bert` and `overLigo` in
 * points, `seeds`, `task`; under `arms` the same of every arm.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      task: { type: 'string', default: 'language' },
      seeds: { type: 'string', default: '5' },
      arms: { type: 'string', default: Object.keys(arms).join() },
      report: { type: 'boolean', default: false },
    },
  });
  check(values.task in tasks, () => `--task is '${values.task}'; there are ${Object.keys(tasks).join(', ')}`);
  const subject: Subject<AnyArchitecture> = tasks[values.task as keyof typeof tasks]();
  const wanted = values.arms.split(',');
  for (const arm of wanted)
    check(arm in arms, () => `There is no arm '${arm}'; there are ${Object.keys(arms).join(', ')}`);
  if (!values.report) await makeRuns(subject, wanted, Number(values.seeds));
  return summary(subject);
}

async function makeRuns<A extends AnyArchitecture>(
  subject: Subject<A>,
  wanted: readonly string[],
  seeds: number,
): Promise<void> {
  await withEngine(async (engine) => {
    for (const learningRate of subject.learningRates) await missing(1, 'scratch', learningRate);
    const learningRate = bestRate(subject);
    for (let seed = 1; seed <= seeds; seed++) {
      for (const arm of ['scratch', ...wanted]) await missing(seed, arm, learningRate);
    }
    async function missing(seed: number, arm: string, learningRate: number): Promise<void> {
      const isMade = readRuns(subject.name).some((line) => {
        return line.arm === arm && line.seed === seed && line.learningRate === learningRate;
      });
      if (isMade) return;
      const { curve, seconds } = await makeRun(engine, subject, { arm, seed, learningRate });
      const [step, loss] = curve.at(-1)!;
      process.stderr.write(
        `${arm} seed ${seed} rate ${learningRate}: ${curve[0]![1].toFixed(3)} to ${loss.toFixed(3)} in ${step} steps, ${seconds.toFixed(0)} s\n`,
      );
    }
  });
}

/** The learning rate with which the first seed's network from scratch ends lowest. */
function bestRate({ name, learningRates }: Pick<Subject<AnyArchitecture>, 'name' | 'learningRates'>): number {
  const sweep = readRuns(name).filter(({ arm, seed }) => arm === 'scratch' && seed === 1);
  const ends = learningRates.map((rate) => {
    const line = sweep.find(({ learningRate }) => learningRate === rate);
    return { rate, loss: line === undefined ? Infinity : lastLoss(line.curve) };
  });
  return ends.reduce((best, other) => (other.loss < best.loss ? other : best)).rate;
}

function summary(subject: Subject<AnyArchitecture>): Record<string, unknown> {
  const learningRate = bestRate(subject);
  const runs = readRuns(subject.name);
  const reports = reportArms(runs, learningRate);
  const of = (arm: string): ArmReport | undefined => reports.find((report) => report.arm === arm);
  const [main, bert2bert, ligo] = [of('mango-exact'), of('bert2bert'), of('ligo')];
  const over = (other: ArmReport | undefined): number | null => (main && other ? main.saving - other.saving : null);
  const sweep = runs.filter(({ arm, seed }) => arm === 'scratch' && seed === 1);
  return {
    task: subject.name,
    saving: main?.saving ?? null,
    ci95: main?.ci95 ?? null,
    savingSmallCharged: main?.savingSmallCharged ?? null,
    overBert2Bert: over(bert2bert),
    overLigo: over(ligo),
    seeds: main?.seeds ?? 0,
    learningRate,
    scratchSweep: Object.fromEntries(sweep.map((line) => [line.learningRate, lastLoss(line.curve)])),
    arms: Object.fromEntries(reports.map(({ arm, ...rest }) => [arm, rest])),
  };
}
