/** The Go models that a person can choose. */

import { ModelServiceDefinition, type Model } from '../../../src/proto/tengen/v1/model.js';
import type { Calls } from '../calls.js';

/** One choice. */
export interface ModelChoice {
  /** A name, which stands for its promoted version, or name@version. */
  readonly ref: string;
  readonly title: string;
  /** Points on a side. */
  readonly size: number;
}

/** The promoted version of every model first, then all versions, the newest first. */
export async function listModelChoices(calls: Calls, signal: AbortSignal): Promise<readonly ModelChoice[]> {
  const { listModels } = ModelServiceDefinition.methods;
  const { models } = await calls.call(ModelServiceDefinition, listModels, { name: '' }, { signal });
  // Language models have no board.
  const go = models.filter(({ size }) => size > 0);
  const promoted = go.filter((model) => model.promoted);
  return [
    ...promoted.map(({ name, size }) => ({ ref: name, title: `${name} · ${size}×${size}`, size })),
    ...go.map(versionChoice),
  ];
}

function versionChoice({ name, version, size, step, rating }: Model): ModelChoice {
  const facts = [...(step > 0 ? [`step ${step}`] : []), ...(rating === undefined ? [] : [`${rating.toFixed(0)} Elo`])];
  return { ref: `${name}@${version}`, title: [`${name}@${version.slice(0, 6)}`, ...facts].join(' · '), size };
}
