/** What growing did, for whoever asked for it: figures, a verdict on the loss, and the lineage that the model file carries. */

import { AppError } from '../../core/errors.js';
import type { OperatorSettings } from '../../methods/growth/settings.js';
import type { AnyArchitecture } from '../../nn/model-file.js';
import { sizeOf } from '../../nn/types.js';
import type { Growth, GrowthReport } from './train-operator.js';

/** A backward pass costs what two forward passes do. */
export const TRAINING = 3;

/** Multiplications of a growth in all: the operator's training and its last use. */
export function growthCost({ steps, operatorCost }: GrowthReport, forwardCost: number): number {
  return TRAINING * steps * (forwardCost + operatorCost) + operatorCost;
}

/** The figures of a report by the names that progress uses. @param forwardCost of a batch in the target */
export function growthFigures(
  report: GrowthReport,
  { plan }: Pick<Growth<AnyArchitecture>, 'plan'>,
  forwardCost: number,
): Record<string, number> {
  const { sourceLoss, initialLoss, loss, steps, bestStep, operatorSize, trainingMs } = report;
  const operatorCost = growthCost(report, forwardCost);
  const parameters = (shapes: ReadonlyMap<string, readonly number[]>): number =>
    [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  return {
    sourceLoss,
    initialLoss,
    grownLoss: loss,
    operatorSteps: steps,
    bestStep,
    sourceParameters: parameters(plan.sourceShapes),
    parameters: parameters(plan.targetShapes),
    operatorSize,
    operatorCost,
    operatorCostSteps: operatorCost / (TRAINING * forwardCost),
    trainingMs,
  };
}

/** Refuses a loss that is too high or no number. @param setting the name of the limit, for the sentence */
export function checkGrownLoss(
  { sourceLoss, loss }: GrowthReport,
  { method, most, setting }: { readonly method: string; readonly most: number; readonly setting: string },
): void {
  if (loss <= sourceLoss + most) return;
  throw new AppError(
    'failed-precondition',
    `The loss of the network grown by ${method} is ${loss.toFixed(4)}, that of its source ${sourceLoss.toFixed(4)}; ` +
      `it may be higher by ${most} at most (${setting}), so the network was not kept`,
  );
}

/** Where a grown network comes from. */
export interface Lineage {
  /** name@version of the source. */
  readonly source: string;
  readonly sourceSha256: string;
  readonly method: string;
  readonly operator: OperatorSettings;
  readonly seed: number;
  /** The data set, or the job whose games the operator was trained on. */
  readonly data: string;
  readonly learningRate: number;
  readonly batchSize: number;
}

/** The text that a grown model carries as `grownFrom`; a function of what was done alone. */
export function lineageText({ operator, learningRate, batchSize, ...rest }: Lineage, report: GrowthReport): string {
  const { source, sourceSha256, method, seed, data } = rest;
  const { steps, bestStep, sourceLoss, loss } = report;
  const growth = { source, sourceSha256, method, ...operator, seed, data };
  return JSON.stringify({ ...growth, steps, bestStep, learningRate, batchSize, sourceLoss, loss });
}

/** The sizes of a network in words. */
export function sizesOf(architecture: AnyArchitecture): string {
  if (architecture.kind === 'go-resnet') return `${architecture.blocks} blocks of ${architecture.channels} channels`;
  if (architecture.kind === 'katago')
    return `${architecture.blocks.length} blocks of ${architecture.channels} channels`;
  return `${architecture.layers} layers of width ${architecture.hidden}`;
}
