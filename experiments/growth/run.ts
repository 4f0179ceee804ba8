/**
 * Growth against training from scratch: multiplications until a grown network reaches the loss that the same network reaches
 * from scratch, by seed. Runs append to results/ and are not made again; `--report` only reads them.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import type { AnyArchitecture } from '../../src/nn/model-file.js';
import { growSchema } from '../../src/trainer/grow/config.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { withEngine } from '../shared/engine.js';
import { resultsFile } from '../shared/files.js';
import { arms } from './arms.js';
import { makeRuns } from './experiments.js';
import { goSubject } from './go.js';
import { languageSubject } from './language.js';
import { plotSavings } from './plot.js';
import { advantage, type ArmReport, bestRate, lastLoss, reportArms } from './report.js';
import { readRuns, type Schedule } from './lines.js';
import { Runs } from './runs.js';
import type { Subject } from './subject.js';

const tasks = {
  language: () => languageSubject(),
  'language-wide': () => languageSubject('wide'),
  'language-long': () => languageSubject('long'),
  go: goSubject,
};
const schedules = ['decay', 'constant'] as const satisfies readonly Schedule[];

/**
 * Keys: `saving` with `ci95` and `savingSmallCharged` of `--arm`, the default of the `grow` job unless given, `overBert2Bert`
 * and `overLigo`, differences over the seeds that both have, `seeds`, `task`; under `arms` the same of every arm.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      task: { type: 'string', default: 'language' },
      schedule: { type: 'string', default: 'decay' },
      seeds: { type: 'string', default: '5' },
      arms: { type: 'string', default: Object.keys(arms).join() },
      arm: { type: 'string', default: growSchema.method.default },
      report: { type: 'boolean', default: false },
    },
  });
  check(values.task in tasks, () => `--task is '${values.task}'; there are ${Object.keys(tasks).join(', ')}`);
  const schedule = schedules.find((name) => name === values.schedule);
  check(schedule !== undefined, () => `--schedule is '${values.schedule}'; there are ${schedules.join(', ')}`);
  const subject = tasks[values.task as keyof typeof tasks]() as Subject<AnyArchitecture>;
  const wanted = values.arms.split(',').filter((arm) => arm !== 'scratch');
  for (const arm of [...wanted, values.arm])
    check(arm in arms, () => `There is no arm '${arm}'; there are ${Object.keys(arms).join(', ')}`);
  if (!values.report) {
    checkFacts();
    const data = await subject.data();
    await withEngine((engine) =>
      makeRuns(new Runs(engine, subject, data), subject, { schedule, arms: wanted, seeds: Number(values.seeds) }),
    );
  }
  return summary(subject.name, schedule, values.arm);
}

function summary(task: string, schedule: Schedule, arm: string): Record<string, unknown> {
  const lines = readRuns(task);
  const reports = reportArms(lines, schedule);
  const of = (name: string): ArmReport | undefined => reports.find((report) => report.arm === name);
  const [main, bert2bert, ligo] = [of(arm), of('bert2bert'), of('ligo')];
  const [overBert2Bert, overLigo] = [advantage(main, bert2bert), advantage(main, ligo)];
  const title = `Saving by growth, ${task}, ${schedule === 'decay' ? 'rate falling to zero' : 'constant rate'}: mean, 95 % interval, seeds`;
  const file = schedule === 'decay' ? task : `${task}-constant`;
  writeFileSync(resultsFile('growth', `${file}.svg`), plotSavings(title, reports));
  const sweep = lines.filter((line) => line.arm === 'scratch' && line.seed === 1 && line.schedule === schedule);
  return {
    task,
    schedule,
    arm,
    saving: main?.saving ?? null,
    ci95: main?.ci95 ?? null,
    savingSmallCharged: main?.savingSmallCharged ?? null,
    overBert2Bert: overBert2Bert?.mean ?? null,
    overBert2BertCi95: overBert2Bert?.ci95 ?? null,
    overLigo: overLigo?.mean ?? null,
    overLigoCi95: overLigo?.ci95 ?? null,
    seeds: main?.seeds ?? 0,
    learningRate: bestRate(lines, 'scratch', schedule),
    scratchSweep: Object.fromEntries(sweep.map((line) => [line.learningRate, lastLoss(line.curve, schedule)])),
    arms: Object.fromEntries(reports.map(({ arm: name, ...rest }) => [name, rest])),
  };
}
