/**
 * The forward pass of KataGo networks (D. Wu, "Accelerating Self-Play Learning in Go", arXiv 1902.10565, appendix A; the
 * layers as in github.com/lightvector/KataGo, cpp/neuralnet). Boards have the exact size of the tensors, so there are no
 * masks, neither for sums over the board nor for attention.
 */

import type { Tensor } from '../../graph.js';
import { add, mul } from '../../operations/arithmetic.js';
import { addToChannels, channelAffine } from '../../operations/channel-affine.js';
import { conv2d } from '../../operations/convolution.js';
import { mish, relu, silu } from '../../operations/elementwise.js';
import { matMul } from '../../operations/matmul.js';
import { max, mean } from '../../operations/reductions.js';
import { concat, reshape } from '../../operations/shape.js';
import type { KatagoArchitecture } from './architecture.js';
import type { KatagoBlock } from './blocks.js';
import { activationOf } from './layers.js';
import { asImage, asPoints, attention, feedForward, tipNormed } from './transformer.js';

/** What the network says before it is turned into probabilities and points, for the side to move; N positions. */
export interface KatagoOutputs {
  /** Logits, one row a policy: [N, policies, S, S] and of a pass [N, policies]. */
  readonly points: Tensor;
  readonly pass: Tensor;
  /** [N, 3] logits of win, loss, no result. */
  readonly result: Tensor;
  /** [N, 4 or 6] */
  readonly scores: Tensor;
  /** [N, S²]; the ownership is its hyperbolic tangent. */
  readonly ownership: Tensor;
}

/** Finds a parameter by name. */
type Parameters = (name: string) => Tensor;

interface Layers {
  readonly architecture: KatagoArchitecture;
  readonly parameter: Parameters;
  /** Points on a side of the board. */
  readonly side: number;
}

/** Board side for which the scaled mean of pooling is zero, and what it is scaled by. */
const USUAL_SIDE = 14;
const SIDE_SCALE = 0.1;

/**
 * The forward pass.
 *
 * @param parameter the tensor of a parameter by name
 * @param planes [N, P, S, S]; N may be `BATCH`
 * @param globals [N, G]
 */
export function katagoNetwork(
  architecture: KatagoArchitecture,
  parameter: Parameters,
  planes: Tensor,
  globals: Tensor,
): KatagoOutputs {
  const layers = { architecture, parameter, side: planes.shape[2]! };
  const x = katagoTrunk(architecture, parameter, planes, globals);
  return { ...policyHead(layers, x), ...valueHead(layers, x) };
}

/** The part of the forward pass before the heads: [N, C, S, S]. */
export function katagoTrunk(
  architecture: KatagoArchitecture,
  parameter: Parameters,
  planes: Tensor,
  globals: Tensor,
): Tensor {
  const layers = { architecture, parameter, side: planes.shape[2]! };
  const stem = conv2d(planes, parameter('stem/filter'));
  const x = addToChannels(stem, matMul(globals, parameter('stem/globals')));
  return tip(layers, stack(layers, architecture.blocks, '', x));
}

function tip(layers: Layers, x: Tensor): Tensor {
  const { architecture, parameter, side } = layers;
  const { tipNorm } = architecture;
  if (tipNorm === undefined) return normed(layers, asImage(x, side), 'tip/norm', 'tip/activation');
  const points = tipNormed(tipNorm, asPoints(x), parameter('tip/norm/scale'), parameter('tip/norm/bias'));
  return asImage(activated(layers, points, 'tip/activation'), side);
}

/** The blocks one after another; the result is an image or points, as the last of them gives it. */
function stack(layers: Layers, blocks: readonly KatagoBlock[], path: string, x: Tensor): Tensor {
  return blocks.reduce((sum, block, i) => plusBlock(layers, block, `${path}block${i}`, sum), x);
}

function plusBlock(layers: Layers, block: KatagoBlock, path: string, x: Tensor): Tensor {
  const { parameter, side } = layers;
  const own = (name: string): Tensor => parameter(`${path}/${name}`);
  if (block.kind === 'attention' || block.kind === 'feedForward') {
    const points = asPoints(x);
    const added = block.kind === 'attention' ? attention(block, own, points, side) : feedForward(block, own, points);
    return add(added, points);
  }
  const image = asImage(x, side);
  return add(residual(layers, block, path, image), image);
}

function residual(
  layers: Layers,
  block: Exclude<KatagoBlock, { kind: 'attention' | 'feedForward' }>,
  path: string,
  x: Tensor,
): Tensor {
  const own = (name: string): Tensor => layers.parameter(`${path}/${name}`);
  const first = normed(layers, x, `${path}/norm1`, `${path}/activation1`);
  let hidden = conv2d(first, own('filter1'));
  if (block.kind === 'pool') {
    const features = conv2d(first, own('poolFilter'));
    const pooled = globalPool(normed(layers, features, `${path}/poolNorm`, `${path}/poolActivation`));
    hidden = addToChannels(hidden, matMul(pooled, own('pool')));
  }
  if (block.kind === 'bottleneck') hidden = asImage(stack(layers, block.blocks, `${path}/`, hidden), layers.side);
  return conv2d(normed(layers, hidden, `${path}/norm2`, `${path}/activation2`), own('filter2'));
}

function policyHead(layers: Layers, x: Tensor): Pick<KatagoOutputs, 'points' | 'pass'> {
  const { architecture, parameter } = layers;
  const features = conv2d(x, parameter('policy/poolFilter'));
  const pooled = globalPool(normed(layers, features, 'policy/poolNorm', 'policy/poolActivation'));
  const hidden = addToChannels(conv2d(x, parameter('policy/filter')), matMul(pooled, parameter('policy/pool')));
  const points = conv2d(normed(layers, hidden, 'policy/norm', 'policy/activation'), parameter('policy/pointFilter'));
  if (architecture.version < 15) return { points, pass: matMul(pooled, parameter('policy/pass')) };
  const before = add(matMul(pooled, parameter('policy/passHidden')), parameter('policy/passBias'));
  return { points, pass: matMul(activated(layers, before, 'policy/passActivation'), parameter('policy/pass')) };
}

function valueHead(layers: Layers, x: Tensor): Pick<KatagoOutputs, 'result' | 'scores' | 'ownership'> {
  const { parameter } = layers;
  const features = normed(layers, conv2d(x, parameter('value/filter')), 'value/norm', 'value/activation');
  const before = add(matMul(valuePool(features), parameter('value/hidden')), parameter('value/hiddenBias'));
  const hidden = activated(layers, before, 'value/hiddenActivation');
  const [batch, , height, width] = features.shape;
  return {
    result: add(matMul(hidden, parameter('value/result')), parameter('value/resultBias')),
    scores: add(matMul(hidden, parameter('value/scores')), parameter('value/scoresBias')),
    ownership: reshape(conv2d(features, parameter('value/ownershipFilter')), [batch!, height! * width!]),
  };
}

function normed(layers: Layers, x: Tensor, norm: string, activation: string): Tensor {
  const { parameter } = layers;
  return activated(layers, channelAffine(x, parameter(`${norm}/scale`), parameter(`${norm}/bias`)), activation);
}

function activated({ architecture }: Layers, x: Tensor, name: string): Tensor {
  switch (activationOf(architecture, name)) {
    case 'identity':
      return x;
    case 'relu':
      return relu(x);
    case 'mish':
      return mish(x);
    case 'silu':
      return silu(x);
  }
}

/** Of each channel over the board: its mean, its mean scaled by the board's side, its maximum; [N, C, S, S] → [N, 3C]. */
function globalPool(x: Tensor): Tensor {
  const average = mean(x, [2, 3]);
  return concat([average, mul(average, sideScale(x)), max(x, [2, 3])], 1);
}

/** The same with a second scale, quadratic in the board's side, instead of the maximum. */
function valuePool(x: Tensor): Tensor {
  const average = mean(x, [2, 3]);
  const scale = sideScale(x);
  return concat([average, mul(average, scale), mul(average, scale * scale - SIDE_SCALE)], 1);
}

function sideScale({ shape: [, , side] }: Tensor): number {
  return (side! - USUAL_SIDE) * SIDE_SCALE;
}
