/** What the network alone would play, as probabilities. */

import type { Position } from '../go/position.js';

/** Softmax of the logits over the legal actions of `position` [size² + 1]; NaN where an action is illegal. */
export function legalPolicy(position: Position, logits: ArrayLike<number>): Float64Array {
  const legal = new Uint8Array(position.actionCount);
  position.legal(legal);
  let max = -Infinity;
  for (let i = 0; i < legal.length; i++) if (legal[i]) max = Math.max(max, logits[i] ?? 0);
  const weights = Float64Array.from(legal, (isLegal, i) => (isLegal ? Math.exp((logits[i] ?? 0) - max) : NaN));
  const sum = weights.reduce((total, weight) => total + (Number.isNaN(weight) ? 0 : weight), 0);
  return weights.map((weight) => weight / sum);
}
