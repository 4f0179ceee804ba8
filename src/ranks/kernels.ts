/**
 * The pieces of a transformer that a rank runs, between which it talks to its group. Matrices are row-major, a row for
 * every token on the rank; gradients of weights are added up inside until they are taken. `programs.ts` implements them.
 */

import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';

/** h_kv: keys, or values, of a token. */
export function keyValueWidth({ keyValueHeads, headWidth }: TransformerConfiguration): number {
  return keyValueHeads * headWidth;
}

/** Queries, keys and values of a layer, before and after the exchange or as gradients. */
export interface QueryKeyValue {
  /** [rows, queryHidden] */
  readonly q: Float32Array;
  /** [rows, keyValueHidden] */
  readonly k: Float32Array;
  /** [rows, keyValueHidden] */
  readonly v: Float32Array;
}

/** One call of the attention: q has its own rows, k and v have theirs. A query sees keys of its segment up to its position. */
export interface AttentionInputs extends QueryKeyValue {
  readonly queryPositions: Int32Array;
  readonly querySegments: Int32Array;
  readonly keyPositions: Int32Array;
  readonly keySegments: Int32Array;
}

/** What is to be predicted at each row. */
export interface Targets {
  readonly targets: Int32Array;
  /** Weight of each row's loss. */
  readonly weights: Float32Array;
  /** W: the weights of the whole global batch, by which the sum is divided. */
  readonly normaliser: number;
}

/** A network with its weights. Every function may be called with at least one row. */
export interface Kernels {
  readonly layers: number;
  readonly hidden: number;
  readonly queryHidden: number;
  readonly keyValueHidden: number;
  embed(tokens: Int32Array): Promise<Float32Array>;
  project(layer: number, x: Float32Array, positions: Int32Array): Promise<QueryKeyValue>;
  attend(inputs: AttentionInputs): Promise<Float32Array>;
  finish(layer: number, x: Float32Array, o: Float32Array): Promise<Float32Array>;
  /** Σ weight · negative log likelihood / W over the rows. */
  loss(x: Float32Array, targets: Targets): Promise<number>;
  /** The same with its gradient to x. */
  lossBackward(x: Float32Array, targets: Targets): Promise<{ readonly loss: number; readonly dx: Float32Array }>;
  /** @returns the gradients to x and o for that to the result */
  finishBackward(
    layer: number,
    x: Float32Array,
    o: Float32Array,
    upstream: Float32Array,
  ): Promise<{ readonly dx: Float32Array; readonly dO: Float32Array }>;
  attendBackward(inputs: AttentionInputs, upstream: Float32Array): Promise<QueryKeyValue>;
  projectBackward(
    layer: number,
    x: Float32Array,
    positions: Int32Array,
    upstream: QueryKeyValue,
  ): Promise<Float32Array>;
  embedBackward(tokens: Int32Array, upstream: Float32Array): Promise<void>;
}
