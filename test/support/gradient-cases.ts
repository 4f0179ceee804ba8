/** Operations to compare with finite differences and with TensorFlow.js, one or more cases for each. */

import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '../../src/nn/graph.js';
import * as a from '../../src/nn/operations/arithmetic.js';
import { channelAffine } from '../../src/nn/operations/channel-affine.js';
import { conv2d, filterGradient } from '../../src/nn/operations/convolution.js';
import * as e from '../../src/nn/operations/elementwise.js';
import { addRows, gather, indexConstant, scatterAdd } from '../../src/nn/operations/gather.js';
import { accumulate, gemm } from '../../src/nn/operations/gemm.js';
import { matMul } from '../../src/nn/operations/matmul.js';
import { learnedRotation, turned } from '../../src/nn/networks/katago/rotary.js';
import { max, mean } from '../../src/nn/operations/reductions.js';
import * as s from '../../src/nn/operations/shape.js';
import { logSoftmax, softmax } from '../../src/nn/operations/softmax.js';
import { expand, sum } from '../../src/nn/operations/sum.js';
import { type Shape, type TensorData, sizeOf } from '../../src/nn/types.js';

type T = tf.Tensor;

/** An operation on tensors, here and in TensorFlow.js. */
export interface Case {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly ours: (xs: readonly Tensor[]) => Tensor;
  /** The same in TensorFlow.js, whose gradients are the second oracle. */
  readonly theirs: (xs: readonly T[]) => T;
  /** Operands are spread over this range, away from kinks by the choice of values. */
  readonly range?: readonly [low: number, high: number];
  /** Of the finite differences; 1/128 unless given. */
  readonly step?: number;
}

/** Values of a shape, spread over a range; another phase gives other values. */
export const wave = (shape: Shape, phase: number, [low, high]: readonly [number, number]): TensorData => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    return low + (high - low) * (0.5 + 0.5 * Math.sin(i * 2.399 + phase * 1.3 + 0.7));
  }),
});

const x23: readonly Shape[] = [[2, 3]];
const pair: readonly Shape[] = [
  [2, 3],
  [2, 3],
];
const stretched: readonly Shape[] = [
  [4, 1, 3],
  [2, 1],
];
const image = (x: T): T => tf.transpose(x, [0, 2, 3, 1]);
const theirConv = ([x, filter, bias]: readonly T[]): T => {
  const y = tf.conv2d(image(x!) as tf.Tensor4D, tf.transpose(filter!, [2, 3, 1, 0]) as tf.Tensor4D, 1, 'same');
  return tf.transpose(bias === undefined ? y : tf.add(y, bias), [0, 3, 1, 2]);
};

/** TensorFlow.js's gradients of maximum and minimum do not undo broadcasting. */
const alike = (x: T, y: T): [T, T] => {
  const shape = tf.add(x, y).shape;
  return [tf.broadcastTo(x, shape), tf.broadcastTo(y, shape)];
};

/** A mask that TensorFlow.js does not try to differentiate. */
const fixed = (mask: T): T => tf.tensor(mask.dataSync(), mask.shape, 'bool');

const unary = (
  name: string,
  ours: (x: Tensor) => Tensor,
  theirs: (x: T) => T,
  range: readonly [number, number] = [-2, 2],
): Case => ({ name, shapes: x23, range, ours: ([x]) => ours(x!), theirs: ([x]) => theirs(x!) });

const binary = (name: string, ours: typeof a.add, theirs: (x: T, y: T) => T): Case[] =>
  [pair, stretched].map((shapes, i) => ({
    name: i === 0 ? name : `${name}, broadcasting`,
    shapes,
    range: [0.5, 2] as const,
    ours: ([x, y]) => ours(x!, y!),
    theirs: ([x, y]) => theirs(x!, y!),
  }));

/** The operations whose gradients are tested: a new operation gets a line here. */
export const cases: readonly Case[] = [
  ...binary('add', a.add, tf.add),
  ...binary('sub', a.sub, tf.sub),
  ...binary('mul', a.mul, tf.mul),
  ...binary('div', a.div, tf.div),
  ...binary('maximum', a.maximum, (x, y) => tf.maximum(...alike(x, y))),
  ...binary('minimum', a.minimum, (x, y) => tf.minimum(...alike(x, y))),
  unary(
    'a number on either side',
    (x) => a.sub(2, a.mul(a.div(x, 4), 3)),
    (x) => tf.sub(2, tf.mul(tf.div(x, 4), 3)),
  ),
  unary(
    'clip',
    (x) => a.clip(x, -1, 1.5),
    (x) => tf.clipByValue(x, -1, 1.5),
  ),
  {
    name: 'where',
    shapes: stretched,
    ours: ([x, y]) => a.where(a.greater(x!, y!), a.mul(x!, 3), y!),
    theirs: ([x, y]) => {
      const [wide, narrow] = alike(x!, y!);
      return tf.where(fixed(tf.greater(wide, narrow)), tf.mul(wide, 3), narrow);
    },
  },
  unary('neg', e.neg, tf.neg),
  unary('abs', e.abs, tf.abs),
  unary('square', e.square, tf.square),
  unary('sqrt', e.sqrt, tf.sqrt, [0.5, 3]),
  unary('exp', e.exp, tf.exp),
  unary('log', e.log, tf.log, [0.5, 3]),
  unary('relu', e.relu, tf.relu),
  unary('tanh', e.tanh, tf.tanh),
  unary('sigmoid', e.sigmoid, tf.sigmoid),
  unary('softplus', e.softplus, tf.softplus),
  unary('silu', e.silu, (x) => tf.mul(x, tf.sigmoid(x))),
  unary('mish', e.mish, (x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  unary(
    'huber',
    (x) => e.huber(x, 1),
    (x) => {
      const size = tf.abs(x);
      return tf.where(fixed(tf.greater(size, 1)), tf.sub(size, 0.5), tf.mul(tf.square(x), 0.5));
    },
  ),
  { name: 'sum', shapes: [[2, 3, 4]], ours: ([x]) => sum(x!, [0, 2]), theirs: ([x]) => tf.sum(x!, [0, 2]) },
  { name: 'sum of all', shapes: [[2, 3]], ours: ([x]) => sum(x!), theirs: ([x]) => tf.sum(x!) },
  { name: 'mean', shapes: [[2, 3, 4]], ours: ([x]) => mean(x!, [-1], true), theirs: ([x]) => tf.mean(x!, -1, true) },
  {
    name: 'mean of an image',
    shapes: [[2, 3, 4, 4]],
    ours: ([x]) => mean(x!, [2, 3]),
    theirs: ([x]) => tf.mean(x!, [2, 3]),
  },
  { name: 'max', shapes: [[2, 3, 4]], ours: ([x]) => max(x!, [1]), theirs: ([x]) => tf.max(x!, 1) },
  {
    name: 'max of an image',
    shapes: [[2, 3, 3, 3]],
    ours: ([x]) => max(x!, [2, 3], true),
    theirs: ([x]) => tf.max(x!, [2, 3], true),
  },
  { name: 'softmax', shapes: x23, ours: ([x]) => softmax(x!), theirs: ([x]) => tf.softmax(x!) },
  {
    name: 'softmax of another dimension',
    shapes: [[2, 3, 4]],
    ours: ([x]) => softmax(x!, 1),
    theirs: ([x]) => tf.transpose(tf.softmax(tf.transpose(x!, [0, 2, 1])), [0, 2, 1]),
  },
  { name: 'logSoftmax', shapes: x23, ours: ([x]) => logSoftmax(x!), theirs: ([x]) => tf.logSoftmax(x!) },
  {
    name: 'expand',
    shapes: [[2, 1]],
    ours: ([x]) => expand(x!, [3, 2, 4]),
    theirs: ([x]) => tf.broadcastTo(x!, [3, 2, 4]),
  },
  { name: 'reshape', shapes: [[2, 6]], ours: ([x]) => s.reshape(x!, [3, 4]), theirs: ([x]) => tf.reshape(x!, [3, 4]) },
  {
    name: 'transpose',
    shapes: [[2, 3, 4]],
    ours: ([x]) => s.transpose(x!, [2, 0, 1]),
    theirs: ([x]) => tf.transpose(x!, [2, 0, 1]),
  },
  {
    name: 'slice',
    shapes: [[4, 5]],
    ours: ([x]) => s.slice(x!, [1, 2], [2, 3]),
    theirs: ([x]) => tf.slice(x!, [1, 2], [2, 3]),
  },
  {
    name: 'pad',
    shapes: x23,
    ours: ([x]) => s.pad(x!, [1, 0], [2, 3]),
    theirs: ([x]) =>
      tf.pad(x!, [
        [1, 2],
        [0, 3],
      ]),
  },
  {
    name: 'concat',
    shapes: [
      [2, 3],
      [2, 1],
    ],
    ours: (xs) => s.concat(xs, 1),
    theirs: (xs) => tf.concat([...xs], 1),
  },
  { name: 'flip', shapes: [[2, 3, 4]], ours: ([x]) => s.flip(x!, [0, 2]), theirs: ([x]) => tf.reverse(x!, [0, 2]) },
  {
    name: 'matMul',
    shapes: [
      [2, 3],
      [3, 4],
    ],
    ours: ([x, y]) => matMul(x!, y!),
    theirs: ([x, y]) => tf.matMul(x!, y!),
  },
  {
    name: 'matMul, batched with broadcasting',
    shapes: [
      [4, 2, 3],
      [3, 2],
    ],
    ours: ([x, y]) => matMul(x!, y!),
    theirs: ([x, y]) => tf.matMul(x!, tf.tile(tf.expandDims(y!, 0), [4, 1, 1])),
  },
  {
    name: 'gather',
    shapes: [[4, 3]],
    ours: ([x]) => gather(x!, indexConstant([2, 0, 2])),
    theirs: ([x]) => tf.gather(x!, tf.tensor1d([2, 0, 2], 'int32')),
  },
  {
    name: 'scatterAdd',
    shapes: [[3, 2]],
    ours: ([x]) => scatterAdd(x!, indexConstant([1, 3, 1]), 4),
    theirs: ([x]) => tf.unsortedSegmentSum(x!, tf.tensor1d([1, 3, 1], 'int32'), 4),
  },
  {
    name: 'scatterAdd to a total',
    shapes: [
      [3, 2],
      [4, 2],
    ],
    ours: ([x, total]) => addRows(total!, scatterAdd(x!, indexConstant([1, 3, 1]), 4)),
    theirs: ([x, total]) => tf.add(total!, tf.unsortedSegmentSum(x!, tf.tensor1d([1, 3, 1], 'int32'), 4)),
  },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB): Case => ({
      name: `gemm (${transposeA ? 'A transposed' : 'A'}, ${transposeB ? 'B transposed' : 'B'}) added to a total`,
      shapes: [transposeA ? [4, 3] : [3, 4], transposeB ? [2, 4] : [4, 2], [3, 2]],
      ours: ([a, b, total]) => accumulate(total!, gemm(a!, b!, { transposeA, transposeB })),
      theirs: ([a, b, total]) => tf.add(total!, tf.matMul(a!, b!, transposeA, transposeB)),
    })),
  ),
  ...[1, 3, 5].map((kernel): Case => ({
    name: `conv2d ${kernel}x${kernel} with a bias`,
    shapes: [[2, 3, 5, 4], [2, 3, kernel, kernel], [2]],
    ours: ([x, filter, bias]) => conv2d(x!, filter!, bias),
    theirs: theirConv,
  })),
  {
    name: 'conv2d of an image smaller than the filter',
    shapes: [
      [2, 3, 2, 1],
      [2, 3, 5, 5],
    ],
    ours: ([x, filter]) => conv2d(x!, filter!),
    theirs: theirConv,
  },
  {
    name: 'conv2d of sixteen channels without a bias',
    shapes: [
      [2, 16, 3, 3],
      [16, 16, 3, 3],
    ],
    ours: ([x, filter]) => conv2d(x!, filter!),
    theirs: theirConv,
    // Winograd's method rounds more; the function is linear in both operands, so any step will do.
    step: 1 / 8,
  },
  {
    name: 'channelAffine',
    shapes: [[2, 3, 4, 4], [3], [3]],
    ours: ([x, scale, bias]) => channelAffine(x!, scale!, bias!),
    theirs: ([x, scale, bias]) => tf.add(tf.mul(x!, tf.reshape(scale!, [3, 1, 1])), tf.reshape(bias!, [3, 1, 1])),
  },
  {
    name: 'conv2dFilterGradient',
    shapes: [
      [2, 3, 4, 4],
      [2, 2, 4, 4],
    ],
    ours: ([x, upstream]) => filterGradient(x!, upstream!, 3),
    theirs: ([x, upstream]) => {
      const padded = tf.pad(tf.transpose(x!, [1, 2, 3, 0]), [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]) as tf.Tensor4D;
      const filter = tf.transpose(upstream!, [2, 3, 0, 1]) as tf.Tensor4D;
      return tf.transpose(tf.conv2d(padded, filter, 1, 'valid'), [3, 0, 1, 2]);
    },
  },
  {
    name: 'rotation by learned frequencies',
    shapes: [
      [1, 2, 1, 4, 4],
      [2, 2, 2],
    ],
    ours: ([x, frequencies]) => turned(x!, learnedRotation(frequencies!, 2)),
    theirs: ([x, frequencies]) => {
      const places = tf.tensor2d([0, 0, 1, 0, 0, 1, 1, 1], [4, 2]);
      const angles = tf.stack(tf.unstack(frequencies!).map((each) => tf.matMul(places, each, false, true)));
      const [wide, [a, b]] = [tf.reshape(angles, [1, 2, 1, 4, 2]), tf.unstack(tf.reshape(x!, [1, 2, 1, 4, 2, 2]), 5)];
      const [c, s] = [tf.cos(wide), tf.sin(wide)];
      const both = [tf.sub(tf.mul(a!, c), tf.mul(b!, s)), tf.add(tf.mul(a!, s), tf.mul(b!, c))];
      return tf.reshape(tf.stack(both, 5), [1, 2, 1, 4, 4]);
    },
  },
  {
    name: 'a tensor used twice, and one not used',
    shapes: pair,
    ours: ([x]) => a.add(a.mul(x!, x!), e.exp(x!)),
    theirs: ([x, y]) => tf.add(tf.add(tf.mul(x!, x!), tf.exp(x!)), tf.mul(y!, 0)),
  },
];
