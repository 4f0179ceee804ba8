/**
 * The layers of a KataGo network in the order of its file, from which parameters, their first values and the file itself
 * are made. A residual block begins with a norm and an activation, and its last convolution is added to its input.
 */

import type { Parameter } from '../go-resnet.js';
import { sizeOf } from '../../types.js';
import type { KatagoActivation, KatagoArchitecture } from './architecture.js';
import type { AttentionBlock, FeedForwardBlock, KatagoBlock } from './blocks.js';

/** One layer of the file. `gain` is the first deviation of the weights, in units of √(2 / inputs of a sum). */
export type KatagoLayer =
  /** Names and numbers that carry no weights. */
  | { readonly kind: 'words'; readonly words: readonly (string | number)[] }
  | {
      readonly kind: 'convolution';
      readonly name: string;
      readonly kernel: number;
      readonly inputs: number;
      readonly outputs: number;
      readonly gain: number;
    }
  /** A scale and a bias for each channel. */
  | { readonly kind: 'norm'; readonly name: string; readonly channels: number }
  /** A scale for each channel, after each point was divided by its root mean square. */
  | { readonly kind: 'pointNorm'; readonly name: string; readonly channels: number; readonly epsilon: number }
  /** The norm of the trunk's tip, if it divides by a root mean square; a scale and a bias for each channel. */
  | {
      readonly kind: 'tipNorm';
      readonly name: string;
      readonly channels: number;
      readonly epsilon: number;
      readonly over: 'point' | 'board';
    }
  /** Of each pair of a head, what it turns by along x and along y. */
  | { readonly kind: 'frequencies'; readonly name: string; readonly heads: number; readonly pairs: number }
  | { readonly kind: 'activation'; readonly name: string }
  | {
      readonly kind: 'matrix';
      readonly name: string;
      readonly inputs: number;
      readonly outputs: number;
      readonly gain: number;
    }
  | { readonly kind: 'bias'; readonly name: string; readonly channels: number };

/** What pooling gives for each channel: its mean, its mean scaled by the board's size, and its maximum. */
export const POOLS = 3;
/** Numbers of zeros that later versions keep for what is to come. */
export const spareWords = { header: 6, trunk: 5, head: 3 } as const;

/** Heads start small: a new network's policy is nearly uniform and its value nearly even. */
const SMALL = 0.07;
/** Deviation of first frequencies, in radians a point. */
const FREQUENCY = 0.5;

/** The function of an activation layer. */
export function activationOf({ activation, activations }: KatagoArchitecture, name: string): KatagoActivation {
  return activations[name] ?? activation;
}

/** Every layer of the network, in the order of the file, from the trunk on. */
export function katagoLayers(architecture: KatagoArchitecture): KatagoLayer[] {
  return [...trunkLayers(architecture), ...policyLayers(architecture), ...valueLayers(architecture)];
}

/**
 * Every parameter in a fixed order: filters [out, in, K, K], matrices [in, out], scales and biases [channels]. A new
 * network's norms change nothing and its blocks add nothing (Fixup, as in networks/go-resnet.ts).
 */
export function katagoParameters(architecture: KatagoArchitecture): Parameter[] {
  const parameter = (name: string, shape: readonly number[], gain: number): Parameter => {
    const fanIn = shape.length === 2 ? shape[0]! : sizeOf(shape.slice(1));
    return { name, shape, deviation: gain * Math.sqrt(2 / fanIn) };
  };
  const ones = (name: string, channels: number): Parameter => ({ ...parameter(name, [channels], 0), mean: 1 });
  return katagoLayers(architecture).flatMap((layer): Parameter[] => {
    switch (layer.kind) {
      case 'words':
      case 'activation':
        return [];
      case 'bias':
        return [parameter(layer.name, [layer.channels], 0)];
      case 'matrix':
        return [parameter(layer.name, [layer.inputs, layer.outputs], layer.gain)];
      case 'convolution':
        return [parameter(layer.name, [layer.outputs, layer.inputs, layer.kernel, layer.kernel], layer.gain)];
      case 'pointNorm':
        return [ones(layer.name, layer.channels)];
      case 'frequencies':
        return [{ name: layer.name, shape: [layer.heads, layer.pairs, 2], deviation: FREQUENCY }];
      case 'norm':
      case 'tipNorm':
        return [ones(`${layer.name}/scale`, layer.channels), parameter(`${layer.name}/bias`, [layer.channels], 0)];
    }
  });
}

function trunkLayers(architecture: KatagoArchitecture): KatagoLayer[] {
  const { version, blocks, channels, planes, globals, stem, tipNorm } = architecture;
  // The file's widths of blocks are information only: every layer says its own.
  const first = blocks.map(innermost).find(({ kind }) => kind === 'pool');
  const [regular, pooled] = first?.kind === 'pool' ? [first.regular, first.pooled] : [channels, channels];
  const words = ['trunk', blocks.length, channels, channels, regular, pooled, pooled];
  const inside = { architecture, shrink: 1 / Math.sqrt(blocks.length) };
  return [
    { kind: 'words', words: version < 15 ? words : [...words, tipNorm ? 1 : 0, ...zeros(spareWords.trunk)] },
    { kind: 'convolution', name: 'stem/filter', kernel: stem, inputs: planes, outputs: channels, gain: 1 },
    { kind: 'matrix', name: 'stem/globals', inputs: globals, outputs: channels, gain: 1 },
    ...blocks.flatMap((block, i) => blockLayers(inside, block, `block${i}`, channels)),
    tipNorm
      ? { kind: 'tipNorm', name: 'tip/norm', channels, ...tipNorm }
      : { kind: 'norm', name: 'tip/norm', channels },
    { kind: 'activation', name: 'tip/activation' },
  ];
}

function innermost(block: KatagoBlock): KatagoBlock {
  return block.kind === 'bottleneck' ? (block.blocks.find(({ kind }) => kind === 'pool') ?? block) : block;
}

interface Inside {
  readonly architecture: KatagoArchitecture;
  /** What the first convolutions of blocks start with. */
  readonly shrink: number;
}

const kindWords = {
  ordinary: 'ordinary_block',
  pool: 'gpool_block',
  bottleneck: 'nested_bottleneck_block',
  attention: 'transformer_attention_block',
  feedForward: 'transformer_ffn_block',
} as const;
export const blockKinds = Object.keys(kindWords) as readonly KatagoBlock['kind'][];

/** The word by which the file names a kind of block. */
export function blockWord(kind: KatagoBlock['kind']): string {
  return kindWords[kind];
}

function blockLayers(inside: Inside, block: KatagoBlock, path: string, channels: number): KatagoLayer[] {
  if (block.kind === 'attention') return attentionLayers(block, path, channels);
  if (block.kind === 'feedForward') return feedForwardLayers(block, path, channels);
  const { shrink } = inside;
  const width = block.kind === 'pool' ? block.regular : block.middle;
  const usual = block.kind === 'bottleneck' ? 1 : 3;
  const convolution = (name: string, inputs: number, outputs: number, gain: number): KatagoLayer => {
    const kernel = inside.architecture.kernels[`${path}/${name}`] ?? usual;
    return { kind: 'convolution', name: `${path}/${name}`, kernel, inputs, outputs, gain };
  };
  const words = [blockWord(block.kind), path, ...(block.kind === 'bottleneck' ? [block.blocks.length] : [])];
  const head: KatagoLayer[] = [
    { kind: 'words', words },
    ...normed(path, 1, channels),
    convolution('filter1', channels, width, shrink),
  ];
  if (block.kind === 'pool') {
    const { pooled } = block;
    head.push(
      convolution('poolFilter', channels, pooled, 1),
      { kind: 'norm', name: `${path}/poolNorm`, channels: pooled },
      { kind: 'activation', name: `${path}/poolActivation` },
      { kind: 'matrix', name: `${path}/pool`, inputs: POOLS * pooled, outputs: width, gain: shrink },
    );
  }
  const inner = block.kind === 'bottleneck' ? block.blocks : [];
  const between = inner.flatMap((each, i) => blockLayers(inside, each, `${path}/block${i}`, width));
  return [...head, ...between, ...normed(path, 2, width), convolution('filter2', width, channels, 0)];
}

function attentionLayers(block: AttentionBlock, path: string, channels: number): KatagoLayer[] {
  const { heads, keyValueHeads, width, valueWidth, rotary, epsilon } = block;
  const matrix = (name: string, inputs: number, outputs: number, gain = 1): KatagoLayer => {
    return { kind: 'matrix', name: `${path}/${name}`, inputs, outputs, gain };
  };
  const turns = [Number(rotary !== 'none'), Number(rotary === 'learned')];
  const layers: KatagoLayer[] = [
    { kind: 'words', words: [blockWord(block.kind), path, heads, keyValueHeads, width, valueWidth, ...turns] },
    { kind: 'pointNorm', name: `${path}/norm`, channels, epsilon },
    matrix('query', channels, heads * width),
    matrix('key', channels, keyValueHeads * width),
    matrix('value', channels, keyValueHeads * valueWidth),
    matrix('out', heads * valueWidth, channels, 0),
  ];
  if (rotary === 'none') return layers;
  const name = `${path}/frequencies`;
  if (rotary !== 'learned') return [...layers, { kind: 'words', words: [name, rotary] }];
  return [...layers, { kind: 'frequencies', name, heads: keyValueHeads, pairs: width / 2 }];
}

function feedForwardLayers(block: FeedForwardBlock, path: string, channels: number): KatagoLayer[] {
  const { kind, hidden, epsilon } = block;
  const matrix = (name: string, inputs: number, outputs: number, gain: number): KatagoLayer => {
    return { kind: 'matrix', name: `${path}/${name}`, inputs, outputs, gain };
  };
  return [
    { kind: 'words', words: [blockWord(kind), path, channels, hidden, 1] },
    { kind: 'pointNorm', name: `${path}/norm`, channels, epsilon },
    matrix('first', channels, hidden, 1),
    matrix('gate', channels, hidden, 1),
    matrix('second', hidden, channels, 0),
  ];
}

function normed(path: string, which: 1 | 2, channels: number): KatagoLayer[] {
  return [
    { kind: 'norm', name: `${path}/norm${which}`, channels },
    { kind: 'activation', name: `${path}/activation${which}` },
  ];
}

function policyLayers(architecture: KatagoArchitecture): KatagoLayer[] {
  const { version, channels: trunk, policy } = architecture;
  const { channels, pooled, outputs } = policy;
  const matrix = (name: string, inputs: number, of: number, gain: number): KatagoLayer => {
    return { kind: 'matrix', name: `policy/${name}`, inputs, outputs: of, gain };
  };
  const pass: KatagoLayer[] =
    version < 15
      ? [matrix('pass', POOLS * pooled, outputs, SMALL)]
      : [
          matrix('passHidden', POOLS * pooled, channels, 1),
          { kind: 'bias', name: 'policy/passBias', channels },
          { kind: 'activation', name: 'policy/passActivation' },
          matrix('pass', channels, outputs, SMALL),
        ];
  return [
    { kind: 'words', words: version < 17 ? ['policy'] : ['policy', outputs, ...zeros(spareWords.head)] },
    headFilter(architecture, 'policy/filter', trunk, channels, 1),
    headFilter(architecture, 'policy/poolFilter', trunk, pooled, 1),
    { kind: 'norm', name: 'policy/poolNorm', channels: pooled },
    { kind: 'activation', name: 'policy/poolActivation' },
    matrix('pool', POOLS * pooled, channels, SMALL),
    { kind: 'norm', name: 'policy/norm', channels },
    { kind: 'activation', name: 'policy/activation' },
    headFilter(architecture, 'policy/pointFilter', channels, outputs, SMALL),
    ...pass,
  ];
}

function valueLayers(architecture: KatagoArchitecture): KatagoLayer[] {
  const { version, channels: trunk, value } = architecture;
  const { channels, hidden, outputs } = value;
  return [
    { kind: 'words', words: version < 17 ? ['value'] : ['value', ...zeros(spareWords.head)] },
    headFilter(architecture, 'value/filter', trunk, channels, 1),
    { kind: 'norm', name: 'value/norm', channels },
    { kind: 'activation', name: 'value/activation' },
    { kind: 'matrix', name: 'value/hidden', inputs: POOLS * channels, outputs: hidden, gain: 1 },
    { kind: 'bias', name: 'value/hiddenBias', channels: hidden },
    { kind: 'activation', name: 'value/hiddenActivation' },
    { kind: 'matrix', name: 'value/result', inputs: hidden, outputs: 3, gain: SMALL },
    { kind: 'bias', name: 'value/resultBias', channels: 3 },
    { kind: 'matrix', name: 'value/scores', inputs: hidden, outputs, gain: SMALL },
    { kind: 'bias', name: 'value/scoresBias', channels: outputs },
    headFilter(architecture, 'value/ownershipFilter', channels, 1, SMALL),
  ];
}

function headFilter(
  { kernels }: KatagoArchitecture,
  name: string,
  inputs: number,
  outputs: number,
  gain: number,
): KatagoLayer {
  return { kind: 'convolution', name, kernel: kernels[name] ?? 1, inputs, outputs, gain };
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}
