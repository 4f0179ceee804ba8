/**
 * The next token of many sequences at once, in one graph: each has a cache of keys and values of the same capacity, of
 * which a mask says what is filled. Against a decoder that takes sequence by sequence, a step costs one call.
 */

import { type Graph, type Tensor, graph, input } from '../../graph.js';
import { add, div, maximum, mul, sub } from '../../operations/arithmetic.js';
import { exp } from '../../operations/elementwise.js';
import { gather } from '../../operations/gather.js';
import { matMul, swapLast } from '../../operations/matmul.js';
import { max } from '../../operations/reductions.js';
import { reshape } from '../../operations/shape.js';
import { sum } from '../../operations/sum.js';
import type { TransformerConfiguration } from './configuration.js';
import { finish, project, type QueryKeyValue, rmsNorm } from './layers.js';
import { EMBEDDING, LAST_NORM, layerParameter } from './parameters.js';
import { headOf, weightInputs } from './rows.js';

/** B, the sequences, and S, the capacity of their caches. */
const SEQUENCES = -1;
const CAPACITY = -2;

/**
 * Inputs: `tokens` int64 [B], `positions` [B, 1], `mask` [B, 1, 1, S] (0 where the cache is filled, else far below any score),
 * for each layer `keys0`, `values0` … [B, keyValueHeads, S, width], and `scale`, a scalar that logits are multiplied with. Weights
 * are inputs under their names. Outputs: `logits` [B, V], and the new rows of the caches, `newKeys0`, `newValues0` …
 * [B, keyValueHeads · width]. A token sees itself without being in the cache.
 */
export function decodeGraph(configuration: TransformerConfiguration): Graph {
  const { layers, keyValueHeads, headWidth, normEpsilon } = configuration;
  const parameter = weightInputs(configuration);
  const positions = input('positions', [SEQUENCES, 1]);
  const mask = input('mask', [SEQUENCES, 1, 1, CAPACITY]);
  const outputs: Record<string, Tensor> = {};
  let x: Tensor = gather(parameter(EMBEDDING), input('tokens', [SEQUENCES], 'int64'));
  for (let layer = 0; layer < layers; layer++) {
    const ofLayer = (name: string): Tensor => parameter(layerParameter(layer, name));
    const cacheOf = (name: string): Tensor => input(`${name}${layer}`, [SEQUENCES, keyValueHeads, CAPACITY, headWidth]);
    const queryKeyValue = project(configuration, ofLayer, x, positions);
    const o = attendCached(configuration, queryKeyValue, { k: cacheOf('keys'), v: cacheOf('values') }, mask);
    x = finish(configuration, ofLayer, x, o);
    outputs[`newKeys${layer}`] = queryKeyValue.k;
    outputs[`newValues${layer}`] = queryKeyValue.v;
  }
  const logits = headOf(configuration, parameter, rmsNorm(x, parameter(LAST_NORM), normEpsilon));
  return graph({ logits: mul(logits, input('scale', [])), ...outputs });
}

/** Attention to the cache and to the token itself; the softmax over both is put together from its parts. */
function attendCached(
  { heads, keyValueHeads, headWidth }: TransformerConfiguration,
  { q, k, v }: QueryKeyValue,
  cache: Pick<QueryKeyValue, 'k' | 'v'>,
  mask: Tensor,
): Tensor {
  const group = heads / keyValueHeads;
  const scaled = reshape(mul(q, 1 / Math.sqrt(headWidth)), [SEQUENCES, keyValueHeads, group, headWidth]);
  const [ownKey, ownValue] = [k, v].map((x) => reshape(x, [SEQUENCES, keyValueHeads, 1, headWidth])) as [
    Tensor,
    Tensor,
  ];
  const scores = add(matMul(scaled, swapLast(cache.k)), mask);
  const ownScore = sum(mul(scaled, ownKey), [-1], true);
  const highest = maximum(max(scores, [-1], true), ownScore);
  const weights = exp(sub(scores, highest));
  const ownWeight = exp(sub(ownScore, highest));
  const total = add(sum(weights, [-1], true), ownWeight);
  const mixed = div(add(matMul(weights, cache.v), mul(ownWeight, ownValue)), total);
  return reshape(mixed, [SEQUENCES, heads * headWidth]);
}
