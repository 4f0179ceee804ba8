/**
 * The blocks of a transformer in a KataGo network. They read points [N, points, channels], where the convolutions read
 * images [N, channels, side, side]; between two blocks of one form nothing moves.
 */

import type { Tensor } from '../../graph.js';
import { add, div, mul } from '../../operations/arithmetic.js';
import { silu, sqrt, square } from '../../operations/elementwise.js';
import { matMul } from '../../operations/matmul.js';
import { mean } from '../../operations/reductions.js';
import { reshape, transpose } from '../../operations/shape.js';
import { softmax } from '../../operations/softmax.js';
import { rmsNorm } from '../transformer/layers.js';
import type { KatagoTipNorm } from './architecture.js';
import type { AttentionBlock, FeedForwardBlock } from './blocks.js';
import { type Rotation, fixedRotation, learnedRotation, turned } from './rotary.js';

/** Finds a parameter of a block by its name in the block. */
type Own = (name: string) => Tensor;

/** The same numbers point by point. */
export function asPoints(x: Tensor): Tensor {
  if (x.shape.length === 3) return x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return transpose(reshape(x, [batch, channels, height * width]), [0, 2, 1]);
}

/** The same numbers as an image. */
export function asImage(x: Tensor, side: number): Tensor {
  if (x.shape.length === 4) return x;
  const [batch, , channels] = x.shape as [number, number, number];
  return reshape(transpose(x, [0, 2, 1]), [batch, channels, side, side]);
}

/** What the block adds to `x`: softmax(q kᵀ / √width) v in every head, and the product of that with a matrix. */
export function attention(block: AttentionBlock, own: Own, x: Tensor, side: number): Tensor {
  const { heads, keyValueHeads, width, valueWidth, epsilon } = block;
  const [batch, points] = x.shape as [number, number, number];
  const group = heads / keyValueHeads;
  const normed = rmsNorm(x, own('norm'), epsilon);
  const rotation = rotationOf(block, own, side);
  const perHead = (name: string, shared: number, of: number): Tensor => {
    const product = reshape(matMul(normed, own(name)), [batch, points, keyValueHeads, shared, of]);
    return transpose(product, [0, 2, 3, 1, 4]);
  };
  const placed = (y: Tensor): Tensor => (rotation === undefined ? y : turned(y, rotation));
  // The heads of a group lie one below another, so that they are one product with the keys that they share.
  const rows = [batch, keyValueHeads, group * points];
  const q = reshape(placed(mul(perHead('query', group, width), 1 / Math.sqrt(width))), [...rows, width]);
  const k = reshape(placed(perHead('key', 1, width)), [batch, keyValueHeads, points, width]);
  const v = reshape(perHead('value', 1, valueWidth), [batch, keyValueHeads, points, valueWidth]);
  const mixed = matMul(softmax(matMul(q, transpose(k, [0, 1, 3, 2]))), v);
  const byPoint = transpose(reshape(mixed, [batch, keyValueHeads, group, points, valueWidth]), [0, 3, 1, 2, 4]);
  return matMul(reshape(byPoint, [batch, points, heads * valueWidth]), own('out'));
}

/** What the block adds to `x`. */
export function feedForward({ epsilon }: FeedForwardBlock, own: Own, x: Tensor): Tensor {
  const normed = rmsNorm(x, own('norm'), epsilon);
  return matMul(mul(silu(matMul(normed, own('first'))), matMul(normed, own('gate'))), own('second'));
}

/** The norm of the trunk's tip over points, or over all of the board. */
export function tipNormed({ epsilon, over }: KatagoTipNorm, x: Tensor, scale: Tensor, bias: Tensor): Tensor {
  if (over === 'point') return add(rmsNorm(x, scale, epsilon), bias);
  const root = sqrt(add(mean(square(x), [1, 2], true), epsilon));
  return add(mul(mul(x, div(1, root)), scale), bias);
}

function rotationOf({ rotary, width }: AttentionBlock, own: Own, side: number): Rotation | undefined {
  if (rotary === 'none') return undefined;
  return rotary === 'learned' ? learnedRotation(own('frequencies'), side) : fixedRotation(rotary, width, side);
}
