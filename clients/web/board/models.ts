/** The Go models that a person can choose, and the boards that each plays. */

import { refOf } from '../../../src/core/refs.js';
import { boardSizes, boardsText } from '../../shared/model-boards.js';
import { ModelServiceDefinition, type Model } from '../../../src/proto/tengen/v1/model.js';
import type { Calls } from '../calls.js';

export interface ModelChoice {
  /** A name, which stands for its promoted version, or name@version. */
  readonly ref: string;
  readonly title: string;
  /** Boards that it plays, points on a side, ascending; at least one. */
  readonly sizes: readonly number[];
}

/** The board that is shown first, by a model that plays it: quick to play, and quick to evaluate. */
export const USUAL_SIZE = 9;

/** Asks for all models; see `modelChoices`. @throws AppError */
export async function listModelChoices(calls: Calls, signal: AbortSignal): Promise<readonly ModelChoice[]> {
  const { listModels } = ModelServiceDefinition.methods;
  const { models } = await calls.call(ModelServiceDefinition, listModels, { name: '' }, { signal });
  return modelChoices(models);
}

/** The promoted version of every model first, then all versions, in the order in which they are given. */
export function modelChoices(models: readonly Model[]): readonly ModelChoice[] {
  // Language models have no board.
  const go = models.filter(({ size }) => size > 0);
  const promoted = go.filter((model) => model.promoted);
  return [...promoted.map(promotedChoice), ...go.map(versionChoice)];
}

/** The usual board if the model plays it, else its largest. */
export function firstSize({ sizes }: ModelChoice): number {
  return sizes.includes(USUAL_SIZE) ? USUAL_SIZE : sizes.at(-1)!;
}

/** The model `ref` if it plays boards of that size, else the first that does, if any. */
export function modelFor(
  models: readonly ModelChoice[],
  ref: string | undefined,
  size: number,
): ModelChoice | undefined {
  const fitting = models.filter(({ sizes }) => sizes.includes(size));
  return fitting.find((model) => model.ref === ref) ?? fitting[0];
}

function promotedChoice(model: Model): ModelChoice {
  return { ref: model.name, title: `${model.name} · ${boardsText(model)}`, sizes: sizesOf(model) };
}

function versionChoice(model: Model): ModelChoice {
  const { name, version, step, rating } = model;
  const facts = [...(step > 0 ? [`step ${step}`] : []), ...(rating === undefined ? [] : [`${rating.toFixed(0)} Elo`])];
  const title = [refOf({ name, version: version.slice(0, 6) }), ...facts].join(' · ');
  return { ref: refOf(model), title, sizes: sizesOf(model) };
}

function sizesOf(model: Model): readonly number[] {
  return boardSizes(model).toReversed();
}
