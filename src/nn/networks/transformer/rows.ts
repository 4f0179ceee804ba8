/**
 * A transformer on a rectangle of R rows of L tokens, each row a prompt and completions of it one after another. A
 * completion sees the prompt and itself, so a prompt that several completions share is computed once: exactly what each
 * pair of prompt and completion would give alone. Lengths are known when the graph is built.
 */

import { type Tensor, graph, type Graph, input } from '../../graph.js';
import { add, div, equal, greater, maximum, mul, where } from '../../operations/arithmetic.js';
import { sqrt, square } from '../../operations/elementwise.js';
import { gather } from '../../operations/gather.js';
import { linear } from '../../operations/gemm.js';
import { matMul } from '../../operations/matmul.js';
import { reshape, transpose } from '../../operations/shape.js';
import { softmax } from '../../operations/softmax.js';
import { sum } from '../../operations/sum.js';
import type { TransformerConfiguration } from './configuration.js';
import { addAttention, finish, HIDDEN, project, type QueryKeyValue, rmsNorm } from './layers.js';
import { EMBEDDING, headParameter, LAST_NORM, layerParameter, transformerParameters } from './parameters.js';

/** R, the number of rows, and L, the number of tokens in each row. */
export interface RowShape {
  readonly rows: number;
  readonly length: number;
}

/** What a rectangle gives; T = R · L. */
export interface RowOutputs {
  /** The stream after the last layer, normed: what the head reads, [T, h]. */
  readonly normed: Tensor;
  /** What the last layer's gated hidden layer reads, [T, h]. */
  readonly lastHidden: Tensor;
  /** Keys and values of each layer, [T, keyValueHeads · width]. */
  readonly keyValues: readonly Pick<QueryKeyValue, 'k' | 'v'>[];
}

/** The segment of prompts; completions have those from 1, padding has −1. */
export const PROMPT_SEGMENT = 0;

/** Finds the inputs of weights by name, each made once. */
export function weightInputs(configuration: TransformerConfiguration): (name: string) => Tensor {
  const inputs = new Map(transformerParameters(configuration).map(({ name, shape }) => [name, input(name, shape)]));
  return (name) => inputs.get(name)!;
}

/** Declares `tokens` int64 [T], `positions` [T, 1] (places in the pair of prompt and completion) and `segments` [T, 1]. */
export function transformerOnRows(
  configuration: TransformerConfiguration,
  parameter: (name: string) => Tensor,
  shape: RowShape,
): RowOutputs {
  const count = shape.rows * shape.length;
  const positions = input('positions', [count, 1]);
  const mask = hidden(positions, input('segments', [count, 1]), shape);
  const keyValues: RowOutputs['keyValues'][number][] = [];
  let x: Tensor = gather(parameter(EMBEDDING), input('tokens', [count], 'int64'));
  let lastHidden = x;
  for (let layer = 0; layer < configuration.layers; layer++) {
    const ofLayer = (name: string): Tensor => parameter(layerParameter(layer, name));
    const queryKeyValue = project(configuration, ofLayer, x, positions);
    keyValues.push(queryKeyValue);
    const o = attendRows(configuration, queryKeyValue, mask, shape);
    lastHidden = addAttention(configuration, ofLayer, x, o).normed;
    x = finish(configuration, ofLayer, x, o);
  }
  return { normed: rmsNorm(x, parameter(LAST_NORM), configuration.normEpsilon), lastHidden, keyValues };
}

/** Logits of the rows of `normed`. */
export function headOf(
  configuration: TransformerConfiguration,
  parameter: (name: string) => Tensor,
  normed: Tensor,
): Tensor {
  return linear(normed, parameter(headParameter(configuration)));
}

/**
 * Reads prompts, one a row. Inputs beside those of `transformerOnRows`: `last` int64 [R], the index of each prompt's last
 * token in T; `angleWeights` [R, 2, L], each row either zeros or a mean over the question's (first) or the prefix's
 * (second) tokens; `scale`, a scalar that logits are multiplied with. Outputs: `logits` [R, V] after the last token; for each layer
 * `keys0`, `values0` … [R, keyValueHeads, L, width]; and `means` [R, 2, h], those means of the unit vectors of what the last
 * layer's gated hidden layer reads ("Angles Don't Lie", NeurIPS 2025: the state whose angles are compared).
 */
export function prefillGraph(configuration: TransformerConfiguration, shape: RowShape): Graph {
  const { rows, length } = shape;
  const { hidden: width, keyValueHeads, headWidth } = configuration;
  const parameter = weightInputs(configuration);
  const { normed, lastHidden, keyValues } = transformerOnRows(configuration, parameter, shape);
  const logits = mul(
    headOf(configuration, parameter, gather(normed, input('last', [rows], 'int64'))),
    input('scale', []),
  );
  const norm = add(sqrt(sum(square(lastHidden), [-1], true)), 1e-8);
  const units = reshape(div(lastHidden, norm), [rows, length, width]);
  const byHead = (x: Tensor): Tensor => transpose(reshape(x, [rows, length, keyValueHeads, headWidth]), [0, 2, 1, 3]);
  const cached = keyValues.flatMap(({ k, v }, layer) => [
    [`keys${layer}`, byHead(k)] as const,
    [`values${layer}`, byHead(v)] as const,
  ]);
  return graph({
    logits,
    means: matMul(input('angleWeights', [rows, 2, length]), units),
    ...Object.fromEntries(cached),
  });
}

/** softmax(q kᵀ / √width) v in every head, row by row; [T, heads · width]. */
function attendRows(
  { heads, keyValueHeads, headWidth }: TransformerConfiguration,
  { q, k, v }: QueryKeyValue,
  mask: Tensor,
  { rows, length }: RowShape,
): Tensor {
  const group = heads / keyValueHeads;
  const scaled = mul(q, 1 / Math.sqrt(headWidth));
  const queries = transpose(reshape(scaled, [rows, length, keyValueHeads, group, headWidth]), [0, 2, 3, 1, 4]);
  const keys = transpose(reshape(k, [rows, length, keyValueHeads, 1, headWidth]), [0, 2, 3, 4, 1]);
  const values = transpose(reshape(v, [rows, length, keyValueHeads, 1, headWidth]), [0, 2, 3, 1, 4]);
  const weights = softmax(add(matMul(queries, keys), mask));
  return reshape(transpose(matMul(weights, values), [0, 3, 1, 2, 4]), [rows * length, heads * headWidth]);
}

/** What is added to the scores: 0 where a query sees a key, [R, 1, 1, L, L]. */
function hidden(positions: Tensor, segments: Tensor, { rows, length }: RowShape): Tensor {
  const asQueries = (x: Tensor): Tensor => reshape(x, [rows, 1, 1, length, 1]);
  const asKeys = (x: Tensor): Tensor => reshape(x, [rows, 1, 1, 1, length]);
  const ofPrompt = where(equal(asKeys(segments), PROMPT_SEGMENT), 0, HIDDEN);
  const own = where(equal(asQueries(segments), asKeys(segments)), 0, HIDDEN);
  const later = greater(asKeys(positions), asQueries(positions));
  return where(later, HIDDEN, maximum(own, ofPrompt));
}
