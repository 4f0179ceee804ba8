/** What the results of a comparison come to, with their plot. */

import { writeFileSync } from 'node:fs';
import { AppError } from '../../../src/core/errors.js';
import { resultsFile } from '../files.js';
import { readResults, type Experiment } from './experiment.js';
import { plotReport } from './plot.js';
import { makeReport, type ArmFigures } from './report.js';

/** The figures of one arm, and those of all. */
export interface Summary {
  readonly chosen: ArmFigures;
  /** Keys of the JSON line beside those of the arm. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly figures: readonly ArmFigures[];
}

/** Reads the results and draws their plot. @throws AppError 'failed-precondition' if they have nothing of `arm` yet */
export function summarise(experiment: Experiment, arm: string): Summary {
  const report = makeReport(experiment, readResults(experiment));
  const shown = report.curves.map((curve) => curve.arm);
  writeFileSync(resultsFile(experiment.folder, `${experiment.name}.svg`), plotReport(experiment, report, shown));
  const { targetElo, seedDeviation, anchors, figures } = report;
  const chosen = figures.find((row) => row.arm === arm);
  if (!chosen) throw new AppError('failed-precondition', `There are no results of arm '${arm}' beside 'base' yet`);
  const { positions, size: board } = experiment;
  return { chosen, rest: { positions, board, targetElo, seedDeviation, anchors, arms: figures }, figures };
}
