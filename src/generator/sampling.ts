/** Draws a token from logits. */

import { check } from '../core/errors.js';
import type { Rng } from '../core/rng.js';

/** How tokens are drawn. */
export interface SamplingSettings {
  /** Logits are divided by it; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the likeliest tokens that make up this share of the probability are drawn from (Holtzman et al., ICLR 2020). */
  readonly topP: number;
}

/** A token and the logarithm of its probability under the model itself, without temperature and cut. */
export interface Sample {
  readonly token: number;
  readonly logProbability: number;
}

/** @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed */
export function checkSampling({ temperature, topP }: SamplingSettings): void {
  check(temperature >= 0 && temperature <= 10, () => `temperature is ${temperature}; it must be from 0 to 10`);
  check(topP > 0 && topP <= 1, () => `top_p is ${topP}; it must be above 0 and at most 1`);
}

/** Draws one token; with temperature 0 `rng` is not used. */
export function sample(logits: Float32Array, { temperature, topP }: SamplingSettings, rng: Rng): Sample {
  const best = indexOfMaximum(logits);
  const token = temperature === 0 ? best : draw(logits, logits[best]!, temperature, topP, rng);
  return { token, logProbability: logits[token]! - logSumExp(logits, logits[best]!) };
}

function draw(logits: Float32Array, maximum: number, temperature: number, topP: number, rng: Rng): number {
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += weights[i] = Math.exp((logits[i]! - maximum) / temperature);
  if (topP === 1) return rng.weighted(weights);
  const order = Int32Array.from(weights, (_, i) => i).sort((a, b) => weights[b]! - weights[a]! || a - b);
  let kept = 0;
  let count = 0;
  while (count < order.length && kept < topP * total) kept += weights[order[count++]!]!;
  return order[rng.weighted(Float64Array.from(order.subarray(0, count), (i) => weights[i]!))]!;
}

function indexOfMaximum(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function logSumExp(values: Float32Array, maximum: number): number {
  let sum = 0;
  for (const value of values) sum += Math.exp(value - maximum);
  return maximum + Math.log(sum);
}
