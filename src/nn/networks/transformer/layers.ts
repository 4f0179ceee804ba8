/**
 * The layers of a transformer as graphs. Tokens of any number of sequences lie one after another, a row each; only the
 * attention knows which belong together.
 */

import { type Tensor, constant } from '../../graph.js';
import { add, div, equal, greater, mul, sub, where } from '../../operations/arithmetic.js';
import { cos, silu, sin, sqrt, square } from '../../operations/elementwise.js';
import { linear } from '../../operations/gemm.js';
import { matMul } from '../../operations/matmul.js';
import { mean } from '../../operations/reductions.js';
import { concat, reshape, sliceAxis, transpose } from '../../operations/shape.js';
import { softmax } from '../../operations/softmax.js';
import type { TransformerConfiguration } from './configuration.js';

/** Finds a parameter by its name; within a layer, without the layer's prefix. */
export type ParameterOf = (name: string) => Tensor;

/** Queries, keys and values of tokens: [T, heads · width] and twice [T, keyValueHeads · width]. */
export interface QueryKeyValue {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Which keys each query sees: those of its segment at its position or before. All are float32, [rows, 1]. */
export interface Visibility {
  readonly queryPositions: Tensor;
  readonly querySegments: Tensor;
  readonly keyPositions: Tensor;
  readonly keySegments: Tensor;
}

/** Far below any score, and finite: the difference to a row's maximum must be a number. */
export const HIDDEN = -1e30;

/** x / √(mean(x²) + ε) · weight over each row (Zhang & Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019). */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const scale = div(1, sqrt(add(mean(square(x), [-1], true), epsilon)));
  return mul(mul(x, scale), weight);
}

/** The first half of a layer, up to what its attention reads; queries and keys are turned by their positions [T, 1]. */
export function project(
  { heads, keyValueHeads, headWidth, normEpsilon, queryKeyValueBias, ropeTheta }: TransformerConfiguration,
  parameter: ParameterOf,
  x: Tensor,
  positions: Tensor,
): QueryKeyValue {
  const normed = rmsNorm(x, parameter('input_layernorm.weight'), normEpsilon);
  const part = (name: string): Tensor => {
    const bias = queryKeyValueBias ? parameter(`self_attn.${name}_proj.bias`) : undefined;
    return linear(normed, parameter(`self_attn.${name}_proj.weight`), bias);
  };
  const angles = mul(positions, frequencies(headWidth, ropeTheta));
  return {
    q: rotate(part('q'), heads, headWidth, angles),
    k: rotate(part('k'), keyValueHeads, headWidth, angles),
    v: part('v'),
  };
}

/** softmax(q kᵀ / √width) v in every head; a group of query heads shares the keys and values of one. */
export function attend(
  { heads, keyValueHeads, headWidth }: TransformerConfiguration,
  { q, k, v }: QueryKeyValue,
  visibility: Visibility,
): Tensor {
  const [queries, keys] = [q.shape[0]!, k.shape[0]!];
  const group = heads / keyValueHeads;
  const scaled = mul(q, 1 / Math.sqrt(headWidth));
  const byHead = transpose(reshape(scaled, [queries, keyValueHeads, group, headWidth]), [1, 2, 0, 3]);
  const keysOf = transpose(reshape(k, [keys, keyValueHeads, 1, headWidth]), [1, 2, 3, 0]);
  const valuesOf = transpose(reshape(v, [keys, keyValueHeads, 1, headWidth]), [1, 2, 0, 3]);
  const weights = softmax(add(matMul(byHead, keysOf), hidden(visibility, keys)));
  return reshape(transpose(matMul(weights, valuesOf), [2, 0, 1, 3]), [queries, heads * headWidth]);
}

/** The second half of a layer: the attention's projection and the gated hidden layer, both added to the stream. */
export function finish(configuration: TransformerConfiguration, parameter: ParameterOf, x: Tensor, o: Tensor): Tensor {
  const { stream, normed } = addAttention(configuration, parameter, x, o);
  const gate = silu(linear(normed, parameter('mlp.gate_proj.weight')));
  const up = linear(normed, parameter('mlp.up_proj.weight'));
  return add(stream, linear(mul(gate, up), parameter('mlp.down_proj.weight')));
}

/** The stream after the attention's projection, and what the gated hidden layer reads of it; both [T, h]. */
export function addAttention(
  { normEpsilon }: TransformerConfiguration,
  parameter: ParameterOf,
  x: Tensor,
  o: Tensor,
): { readonly stream: Tensor; readonly normed: Tensor } {
  const stream = add(x, linear(o, parameter('self_attn.o_proj.weight')));
  return { stream, normed: rmsNorm(stream, parameter('post_attention_layernorm.weight'), normEpsilon) };
}

/** What is added to the scores: 0 where a query sees a key, [queries, keys]. */
function hidden(visibility: Visibility, keys: number): Tensor {
  const { queryPositions, querySegments, keyPositions, keySegments } = visibility;
  const sameSegment = equal(querySegments, reshape(keySegments, [1, keys]));
  const later = greater(reshape(keyPositions, [1, keys]), queryPositions);
  return where(sameSegment, where(later, HIDDEN, 0), HIDDEN);
}

/** θ^(−2i / width) for the pairs i of a head, [1, width / 2] (Su et al., "RoFormer", 2021, section 3.2.2). */
function frequencies(width: number, theta: number): Tensor {
  const half = width / 2;
  return constant(
    Float32Array.from({ length: half }, (_, i) => Math.fround(theta ** (-i / half))),
    [1, half],
  );
}

/** Turns the pairs (i, i + width / 2) of every head by angles [T, width / 2]. */
function rotate(x: Tensor, heads: number, width: number, angles: Tensor): Tensor {
  const rows = x.shape[0]!;
  const half = width / 2;
  const byHead = reshape(x, [rows, heads, width]);
  const [first, second] = [sliceAxis(byHead, 2, 0, half), sliceAxis(byHead, 2, half, half)];
  const [c, s] = [reshape(cos(angles), [rows, 1, half]), reshape(sin(angles), [rows, 1, half])];
  const turned = [sub(mul(first, c), mul(second, s)), add(mul(second, c), mul(first, s))];
  return reshape(concat(turned, 2), [rows, heads * width]);
}
