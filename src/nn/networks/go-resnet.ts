/**
 * The residual convolutional network for Go, defined once for training and serving.
 *
 * Stem and blocks are 3×3 convolutions with ReLU after the sum, so ONNX Runtime runs convolution, sum and ReLU as one
 * kernel; nothing else may touch the trunk, or its layout is changed to and fro. There is no batch normalisation: its
 * statistics cost time at this scale, and initialising each block to the identity trains as well (H. Zhang et al., "Fixup
 * Initialization", ICLR 2019). Every third block adds the globals and the board's mean and maximum of each channel to its
 * hidden layer, and the heads read such pools (D. Wu, "Accelerating Self-Play Learning in Go", arXiv 1902.10565, section
 * 3.3). The value reads the mean predicted ownership beside the komi: by area scoring these two decide the game. No
 * parameter's shape depends on the board size.
 */

import type { Tensor } from '../graph.js';
import { add, mul } from '../operations/arithmetic.js';
import { addToChannels } from '../operations/channel-affine.js';
import { conv2d } from '../operations/convolution.js';
import { relu, tanh } from '../operations/elementwise.js';
import { matMul } from '../operations/matmul.js';
import { max, mean } from '../operations/reductions.js';
import { concat, reshape, sliceAxis } from '../operations/shape.js';
import type { Architecture } from './architecture.js';

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of its initial normal distribution; 0 starts at the mean. */
  readonly deviation: number;
  /** Mean of its initial distribution; 0 if not given. */
  readonly mean?: number;
}

/** What the network says about a batch, from the side to move; N positions, A = S² + 1 actions. */
export interface GoOutputs {
  /** [N, A] logits, pass last. */
  readonly policy: Tensor;
  /** [N, 3] logits of win, draw, loss. */
  readonly value: Tensor;
  /** [N, 1] expected score in points. */
  readonly score: Tensor;
  /** [N, 1] its standard deviation and the lead, in points; only of networks that say so. */
  readonly scoreStdev?: Tensor;
  readonly lead?: Tensor;
  /** [N, S²]; the ownership in (−1, 1) is its hyperbolic tangent. */
  readonly ownershipLogits: Tensor;
  /** [N, S²] */
  readonly ownership: Tensor;
}

/** Whether a block has global pooling: the second and every third after it. */
export function hasPool(block: number): boolean {
  return block % 3 === 1;
}

/** Channels of the policy head by those of the trunk. */
export function policyChannels(channels: number): number {
  return Math.ceil(channels / 2);
}

/** Every parameter of the network in a fixed order. Convolution filters are [out, in, K, K], matrices [in, out]. */
export function parameters(architecture: Architecture): Parameter[] {
  const { blocks, channels, planes, globals } = architecture;
  const ofPolicy = policyChannels(channels);
  const hidden = 2 * channels;
  const pooled = 2 * channels + 1 + globals;
  // He et al. 2015 for layers before a ReLU; Fixup divides the first layer of a block by √blocks.
  const he = (fanIn: number): number => Math.sqrt(2 / fanIn);
  const shrink = 1 / Math.sqrt(blocks);
  // Heads start small: a new network's policy is nearly uniform and its value nearly zero.
  const small = (fanIn: number): number => 0.1 / Math.sqrt(fanIn);
  const list: Parameter[] = [];
  const declare = (name: string, shape: readonly number[], deviation: number): void => {
    list.push({ name, shape, deviation });
  };
  declare('stem/filter', [channels, planes, 3, 3], he(9 * planes));
  declare('stem/bias', [channels], 0);
  for (let block = 0; block < blocks; block++) {
    declare(`block${block}/filter1`, [channels, channels, 3, 3], he(9 * channels) * shrink);
    declare(`block${block}/bias1`, [channels], 0);
    if (hasPool(block)) declare(`block${block}/pool`, [2 * channels + globals, channels], he(2 * channels) * shrink);
    declare(`block${block}/filter2`, [channels, channels, 3, 3], 0);
    declare(`block${block}/bias2`, [channels], 0);
  }
  declare('value/filter', [channels, channels, 1, 1], he(channels));
  declare('value/bias', [channels], 0);
  declare('value/ownershipFilter', [1, channels, 1, 1], small(channels));
  declare('value/ownershipBias', [1], 0);
  declare('value/hidden', [pooled, hidden], he(pooled));
  declare('value/hiddenBias', [hidden], 0);
  // Columns: win, draw, loss, score, pass.
  declare('value/outputs', [hidden, 5], small(hidden));
  declare('value/outputsBias', [5], 0);
  declare('policy/filter', [ofPolicy, channels, 1, 1], he(channels));
  declare('policy/bias', [ofPolicy], 0);
  declare('policy/pool', [hidden, ofPolicy], small(hidden));
  declare('policy/pointFilter', [1, ofPolicy, 1, 1], small(ofPolicy));
  return list;
}

export function parameterShapes(architecture: Architecture): ReadonlyMap<string, readonly number[]> {
  return new Map(parameters(architecture).map(({ name, shape }) => [name, shape]));
}

/**
 * The forward pass.
 *
 * @param parameter the tensor of a parameter by name
 * @param planes [N, P, S, S]; N may be `BATCH`
 * @param globals [N, G]
 */
export function goResnet(
  architecture: Architecture,
  parameter: (name: string) => Tensor,
  planes: Tensor,
  globals: Tensor,
): GoOutputs {
  return heads(architecture, parameter, goTrunk(architecture, parameter, planes, globals), globals);
}

/** The part of the forward pass before the heads: [N, C, S, S]. */
export function goTrunk(
  architecture: Architecture,
  parameter: (name: string) => Tensor,
  planes: Tensor,
  globals: Tensor,
): Tensor {
  let x = relu(conv2d(planes, parameter('stem/filter'), parameter('stem/bias')));
  for (let block = 0; block < architecture.blocks; block++) x = residualBlock(x, globals, block, parameter);
  return x;
}

function residualBlock(x: Tensor, globals: Tensor, block: number, parameter: (name: string) => Tensor): Tensor {
  const own = (name: string): Tensor => parameter(`block${block}/${name}`);
  let hidden = conv2d(x, own('filter1'), own('bias1'));
  if (hasPool(block)) hidden = addToChannels(hidden, matMul(concat([globalPool(x), globals], 1), own('pool')));
  return relu(add(conv2d(relu(hidden), own('filter2'), own('bias2')), x));
}

function heads({ size }: Architecture, parameter: (name: string) => Tensor, x: Tensor, globals: Tensor): GoOutputs {
  const batch = x.shape[0]!;
  const points = size * size;
  const features = relu(conv2d(x, parameter('value/filter'), parameter('value/bias')));
  const owner = conv2d(features, parameter('value/ownershipFilter'), parameter('value/ownershipBias'));
  const ownershipLogits = reshape(owner, [batch, points]);
  const ownership = tanh(ownershipLogits);
  const pooled = concat([globalPool(features), mean(ownership, [1], true), globals], 1);
  const hidden = relu(add(matMul(pooled, parameter('value/hidden')), parameter('value/hiddenBias')));
  const outputs = add(matMul(hidden, parameter('value/outputs')), parameter('value/outputsBias'));
  const column = (begin: number, length: number): Tensor => sliceAxis(outputs, 1, begin, length);

  const policyBias = matMul(hidden, parameter('policy/pool'));
  const policyFeatures = conv2d(x, parameter('policy/filter'), parameter('policy/bias'));
  const pointLogits = conv2d(relu(addToChannels(policyFeatures, policyBias)), parameter('policy/pointFilter'));
  return {
    policy: concat([reshape(pointLogits, [batch, points]), column(4, 1)], 1),
    value: column(0, 3),
    // A board's usual score grows with its side, so the head's own unit is that many points.
    score: mul(column(3, 1), size),
    ownershipLogits,
    ownership,
  };
}

/** Mean and maximum of each channel over the board: [N, C, S, S] → [N, 2C]. */
function globalPool(x: Tensor): Tensor {
  return concat([mean(x, [2, 3]), max(x, [2, 3])], 1);
}
