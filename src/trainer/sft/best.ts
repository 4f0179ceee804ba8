/** The weights that evaluated best so far, as a checkpoint keeps them. */

import type { Weights } from '../../nn/model-file.js';

/** Weights and what they are worth. */
export interface Best {
  readonly step: number;
  /** Of the evaluation. */
  readonly loss: number;
  readonly weights: Weights;
}

const PREFIX = 'best:';

/** The weights under the names of a checkpoint. */
export function bestTensors(best: Best | undefined): Weights {
  return new Map([...(best?.weights ?? [])].map(([name, tensor]) => [PREFIX + name, tensor]));
}

/** What a checkpoint's tensors keep; undefined if that is nothing. */
export function bestOf(tensors: Weights, kept: Omit<Best, 'weights'> | undefined): Best | undefined {
  if (!kept) return undefined;
  const named = [...tensors].filter(([name]) => name.startsWith(PREFIX));
  return { ...kept, weights: new Map(named.map(([name, tensor]) => [name.slice(PREFIX.length), tensor])) };
}
