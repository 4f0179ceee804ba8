/**
 * What of a KataGo network grows together: the same parameter of all blocks that are made alike is one bundle; the stem and
 * the heads are bundles of their own. Widths are those that the layers of either network say.
 */

import { check } from '../../core/errors.js';
import type { KatagoArchitecture } from '../../nn/networks/katago/architecture.js';
import type { KatagoBlock } from '../../nn/networks/katago/blocks.js';
import { type KatagoLayer, POOLS, katagoLayers, katagoParameters } from '../../nn/networks/katago/layers.js';
import { sizeOf } from '../../nn/types.js';
import { repeated } from './copies.js';
import type { Axis, Bundle, GrowthPlan, Shapes, Slice } from './bundle.js';

type WeightedLayer = Exclude<KatagoLayer, { kind: 'words' | 'activation' }>;

/** The same parameter of several blocks, or one of those of which there is one. */
interface Stack {
  readonly name: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Of each of the target the one of the source that it is a copy of. */
  readonly copies: readonly number[];
}

/**
 * A KataGo network of other sizes: widths grow with those of the trunk, new blocks are made as the old ones in turn.
 *
 * @param sizes 0 keeps what there is
 * @throws AppError 'invalid-argument' if it has a transformer, whose heads do not grow
 */
export function katagoTarget(
  from: KatagoArchitecture,
  sizes: { readonly blocks: number; readonly channels: number },
): KatagoArchitecture {
  const channels = sizes.channels === 0 ? from.channels : sizes.channels;
  const blocks = sizes.blocks === 0 ? from.blocks.length : sizes.blocks;
  const wide = (width: number): number => Math.ceil((width * channels) / from.channels);
  const grown = (block: KatagoBlock): KatagoBlock => {
    if (block.kind === 'pool') return { ...block, regular: wide(block.regular), pooled: wide(block.pooled) };
    if (block.kind === 'ordinary') return { ...block, middle: wide(block.middle) };
    check(block.kind === 'bottleneck', 'A KataGo network with transformer blocks cannot grow: their heads do not');
    return { ...block, middle: wide(block.middle), blocks: block.blocks.map(grown) };
  };
  const { policy, value } = from;
  return {
    ...from,
    channels,
    blocks: repeated(from.blocks.length, blocks).map((block) => grown(from.blocks[block]!)),
    policy: { ...policy, channels: wide(policy.channels), pooled: wide(policy.pooled) },
    value: { ...value, channels: wide(value.channels), hidden: wide(value.hidden) },
  };
}

/**
 * How a KataGo network grows into one that `katagoTarget` made.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit
 */
export function katagoGrowth(from: KatagoArchitecture, to: KatagoArchitecture): GrowthPlan {
  check(to.channels >= from.channels, () => {
    return `channels is ${to.channels} in the target, less than the source's ${from.channels}`;
  });
  check(to.blocks.length >= from.blocks.length, () => {
    return `blocks is ${to.blocks.length} in the target, less than the source's ${from.blocks.length}`;
  });
  const [source, target] = [shapesOf(from), shapesOf(to)];
  const layers = new Map(katagoLayers(from).flatMap((layer) => (isWeighted(layer) ? [[layer.name, layer]] : [])));
  const bundles = stacksOf(from, to, [...source.keys()]).map((stack) =>
    bundleOf(stack, layers.get(stack.source[0]!.replace(/\/(scale|bias)$/, '')) ?? layers.get(stack.source[0]!)!, {
      source,
      target,
    }),
  );
  return { bundles, sourceShapes: source, targetShapes: target, kept: [] };
}

function isWeighted(layer: KatagoLayer): layer is WeightedLayer {
  return layer.kind !== 'words' && layer.kind !== 'activation';
}

function shapesOf(architecture: KatagoArchitecture): Shapes {
  return new Map(katagoParameters(architecture).map(({ name, shape }) => [name, shape]));
}

/** Every parameter of the source in one stack; blocks stay where they are, and new ones are copies of those in turn. */
function stacksOf(from: KatagoArchitecture, to: KatagoArchitecture, names: readonly string[]): Stack[] {
  const kinds = from.blocks.map((block, i) => JSON.stringify([block, oddities(from, i)]));
  const origin = repeated(from.blocks.length, to.blocks.length);
  const stacks: Stack[] = names
    .filter((name) => !name.startsWith('block'))
    .map((name) => ({ name, source: [name], target: [name], copies: [0] }));
  for (const kind of new Set(kinds)) {
    const own = [...kinds.keys()].filter((i) => kinds[i] === kind);
    const grown = [...origin.keys()].filter((i) => kinds[origin[i]!] === kind);
    const copies = grown.map((block) => own.indexOf(origin[block]!));
    const prefix = `block${own[0]!}/`;
    for (const name of names.filter((each) => each.startsWith(prefix))) {
      const part = name.slice(prefix.length);
      const named = (block: number): string => `block${block}/${part}`;
      stacks.push({ name: `${prefix}${part}`, source: own.map(named), target: grown.map(named), copies });
    }
  }
  return stacks;
}

/** Filters of unusual sides in a block: blocks that differ in them are not alike. */
function oddities({ kernels }: KatagoArchitecture, block: number): string[] {
  const own = Object.entries(kernels).filter(([name]) => name.startsWith(`block${block}/`));
  return own.map(([name, side]) => `${name.slice(name.indexOf('/'))} ${side}`);
}

function bundleOf(
  { name, source, target, copies }: Stack,
  layer: WeightedLayer,
  shapes: { readonly source: Shapes; readonly target: Shapes },
): Bundle {
  const [before, after] = [shapes.source.get(source[0]!)!, shapes.target.get(target[0]!)!];
  const parts = readsPools(name, shapes.source) ? POOLS : 1;
  const own = axesOf(name, layer, before, after, parts);
  const isLayered = name.startsWith('block');
  const slices = (parameters: readonly string[], side: 'from' | 'to'): Slice[] =>
    parameters.flatMap((parameter, index) =>
      Array.from({ length: parts }, (_, role) => {
        return { parameter, role, layer: index, along: 0, begin: role * own[0]![side] };
      }),
    );
  return {
    name,
    axes: [
      { name: 'B', from: parts, to: parts, ...(isLayered && { core: `${name}.B` }) },
      { name: 'L', from: source.length, to: target.length, ...(isLayered && { core: `${name}.L` }) },
      ...own,
    ],
    // Without the last filter of a block it adds nothing; blocks in bottlenecks write to a stream of their own.
    writers: Array<boolean>(parts).fill(/^block\d+\/filter2$/.test(name)),
    layers: { stacked: copies, exact: copies },
    isCoupled: isLayered && own.length > 1,
    source: slices(source, 'from'),
    target: slices(target, 'to'),
  };
}

/** Matrices that read what pooling gives: three parts side by side. From version 15 on a hidden layer reads it for the pass. */
function readsPools(name: string, source: Shapes): boolean {
  const ofPass = source.has('policy/passHidden') ? 'policy/passHidden' : 'policy/pass';
  return name.endsWith('/pool') || name === ofPass || name === 'value/hidden';
}

function axesOf(
  name: string,
  layer: WeightedLayer,
  before: readonly number[],
  after: readonly number[],
  parts: number,
): Axis[] {
  const units = (label: 'I' | 'O', axis: number): Axis => {
    const [from, to] = [before[axis]! / (label === 'I' ? parts : 1), after[axis]! / (label === 'I' ? parts : 1)];
    return { name: label, from, to, copies: repeated(from, to), core: `${name}.${label}` };
  };
  const kept = (from: number): Axis => ({ name: 'C', from, to: from });
  if (layer.kind === 'matrix')
    return name === 'stem/globals' ? [kept(before[0]!), units('O', 1)] : [units('I', 0), units('O', 1)];
  if (layer.kind !== 'convolution') return [units('O', 0)];
  // The stem reads planes, which stay the same; the taps of all filters do.
  if (name === 'stem/filter') return [units('O', 0), kept(sizeOf(before.slice(1)))];
  return [units('O', 0), units('I', 1), kept(sizeOf(before.slice(2)))];
}
