/**
 * What of a residual network for Go grows together: the filters of all blocks are slices of one M with an axis of kernel
 * taps; its global pooling, its heads, and the biases are bundles of their own.
 */

import { check } from '../../core/errors.js';
import type { Architecture } from '../../nn/networks/architecture.js';
import { hasPool, parameterShapes, policyChannels } from '../../nn/networks/go-resnet.js';
import { repeated } from './copies.js';
import type { Axis, Bundle, GrowthPlan, LayerCopies, Slice } from './bundle.js';
import type { OperatorSettings } from './settings.js';

/** The two sizes. */
interface Sizes {
  readonly from: Architecture;
  readonly to: Architecture;
}

/** Blocks come in threes, of which the second has global pooling. */
const PERIOD = 3;

const TAPS = 9;

/**
 * How a Go network grows.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit
 */
export function goGrowth(from: Architecture, to: Architecture, coupling: OperatorSettings['coupling']): GrowthPlan {
  const sizes = { from, to };
  checkSizes(sizes);
  const layers = { stacked: blockCopies(from.blocks, to.blocks), exact: blockCopies(from.blocks, to.blocks) };
  return {
    bundles: [...filters(sizes, layers, coupling), blockBiases(sizes, layers), ...pools(sizes), ...ends(sizes)],
    sourceShapes: parameterShapes(from),
    targetShapes: parameterShapes(to),
    kept: ['value/ownershipBias', 'value/outputsBias'],
  };
}

function checkSizes({ from, to }: Sizes): void {
  for (const key of ['size', 'planes', 'globals', 'features'] as const) {
    check(from[key] === to[key], () => {
      return `${key} is ${to[key]} in the target and ${from[key]} in the source; it must stay the same`;
    });
  }
  for (const key of ['blocks', 'channels'] as const) {
    check(to[key] >= from[key], () => `${key} is ${to[key]} in the target, less than the source's ${from[key]}`);
  }
}

/**
 * The source's blocks keep their places, so that those with pooling stay where pooling is; every new block is a copy of one
 * that has pooling or has none, as it itself.
 */
function blockCopies(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, block) => {
    if (block < from) return block;
    const alike = Array.from({ length: from }, (_, i) => i).filter((i) => i % PERIOD === block % PERIOD);
    return alike.length === 0 ? block % from : alike[Math.floor(block / PERIOD) % alike.length]!;
  });
}

/** The units of a layer, of which each of the target is a copy of one of the source. */
function units(name: 'I' | 'O', core: string, from: number, to: number): Axis {
  return { name, from, to, copies: repeated(from, to), core };
}

function stacking(name: string, roles: number, from: number, to: number): Axis[] {
  return [
    { name: 'B', from: roles, to: roles, core: `${name}.B` },
    { name: 'L', from, to, core: `${name}.L` },
  ];
}

function slicesOf(blocks: readonly number[], slice: (block: string) => Omit<Slice, 'layer' | 'role'>[]): Slice[] {
  return blocks.flatMap((block, layer) =>
    slice(`block${block}`).map((part, role) => {
      return { ...part, role, layer };
    }),
  );
}

function whole(parameter: string): Omit<Slice, 'layer' | 'role'> {
  return { parameter, along: 0, begin: 0 };
}

function filters({ from, to }: Sizes, layers: LayerCopies, coupling: OperatorSettings['coupling']): Bundle[] {
  const all = [
    { part: 'filter1', isWriter: false },
    { part: 'filter2', isWriter: true },
  ];
  const groups = coupling === 'all' ? [all] : all.map((one) => [one]);
  return groups.map((group) => {
    const name = `weights(${group.map(({ part }) => part).join(',')})`;
    const slices = (count: number): Slice[] =>
      slicesOf(range(count), (block) => group.map(({ part }) => whole(`${block}/${part}`)));
    return {
      name,
      axes: [
        ...stacking(name, group.length, from.blocks, to.blocks),
        units('O', `${name}.O`, from.channels, to.channels),
        units('I', `${name}.I`, from.channels, to.channels),
        { name: 'K', from: TAPS, to: TAPS, core: `${name}.K` },
      ],
      writers: group.map(({ isWriter }) => isWriter),
      layers,
      isCoupled: true,
      source: slices(from.blocks),
      target: slices(to.blocks),
    };
  });
}

function blockBiases({ from, to }: Sizes, layers: LayerCopies): Bundle {
  const slices = (count: number): Slice[] =>
    slicesOf(range(count), (block) => [whole(`${block}/bias1`), whole(`${block}/bias2`)]);
  return {
    name: 'biases',
    axes: [...stacking('biases', 2, from.blocks, to.blocks), units('O', 'stream.write', from.channels, to.channels)],
    // A new block adds nothing if its second filter and bias are zero.
    writers: [false, true],
    layers,
    isCoupled: false,
    source: slices(from.blocks),
    target: slices(to.blocks),
  };
}

/** What blocks read of the whole board: means, then maxima of the trunk's channels, then the globals. */
function pools({ from, to }: Sizes): Bundle[] {
  const [small, large] = [from, to].map(({ blocks }) => range(blocks).filter(hasPool)) as [number[], number[]];
  if (small.length === 0) return [];
  const copies = blockCopies(from.blocks, to.blocks);
  const own = large.map((block) => small.indexOf(copies[block]!));
  const layers = { stacked: own, exact: own };
  const bundle = (
    name: string,
    roles: number,
    axes: readonly Axis[],
    begins: (channels: number) => number[],
  ): Bundle => {
    const slices = (blocks: readonly number[], channels: number): Slice[] =>
      slicesOf(blocks, (block) => begins(channels).map((begin) => ({ parameter: `${block}/pool`, along: 0, begin })));
    return {
      name,
      axes: [...stacking(name, roles, small.length, large.length), ...axes],
      writers: Array<boolean>(roles).fill(false),
      layers,
      isCoupled: roles > 1,
      source: slices(small, from.channels),
      target: slices(large, to.channels),
    };
  };
  const write = (core: string): Axis => units('O', core, from.channels, to.channels);
  const globals: Axis = { name: 'C', from: from.globals, to: to.globals };
  return [
    bundle('pools', 2, [units('I', 'pools.I', from.channels, to.channels), write('pools.O')], (channels) => [
      0,
      channels,
    ]),
    bundle('pooledGlobals', 1, [globals, write('pooledGlobals.O')], (channels) => [2 * channels]),
  ];
}

/** The stem and the heads, each of which there is once. */
function ends({ from, to }: Sizes): Bundle[] {
  const sized = (name: 'I' | 'O', core: string, width: (of: Architecture) => number): Axis =>
    units(name, core, width(from), width(to));
  const channels = ({ channels: width }: Architecture): number => width;
  const hidden = (of: Architecture): number => 2 * of.channels;
  const policy = (of: Architecture): number => policyChannels(of.channels);
  const [toStream, fromStream] = [sized('O', 'stream.write', channels), sized('I', 'stream.read', channels)];
  const [toValue, fromValue] = [sized('O', 'value.write', channels), sized('I', 'value.read', channels)];
  const [toHidden, fromHidden] = [sized('O', 'hidden.write', hidden), sized('I', 'hidden.read', hidden)];
  const [toPolicy, fromPolicy] = [sized('O', 'policy.write', policy), sized('I', 'policy.read', policy)];
  const carried = (length: number): Axis => ({ name: 'C', from: length, to: length });
  return [
    single('stem/filter', [toStream, carried(TAPS * from.planes)]),
    single('stem/bias', [toStream]),
    single('value/filter', [toValue, fromStream]),
    single('value/bias', [toValue]),
    single('value/ownershipFilter', [fromValue]),
    // Means and maxima of the features, then the mean ownership and the globals.
    single(
      'value/hidden',
      [fromValue, toHidden],
      [
        [0, 0],
        [from.channels, to.channels],
      ],
    ),
    single('value/hidden', [carried(1 + from.globals), toHidden], [[2 * from.channels, 2 * to.channels]]),
    single('value/hiddenBias', [toHidden]),
    single('value/outputs', [fromHidden, carried(5)]),
    single('policy/filter', [toPolicy, fromStream]),
    single('policy/bias', [toPolicy]),
    single('policy/pool', [fromHidden, toPolicy]),
    single('policy/pointFilter', [fromPolicy]),
  ];
}

/** A parameter, or the slices of it that begin at `begins` in the source and in the target. */
function single(
  parameter: string,
  axes: readonly Axis[],
  begins: readonly (readonly [number, number])[] = [[0, 0]],
): Bundle {
  const roles = begins.length;
  const slices = (side: 0 | 1): Slice[] =>
    begins.map((begin, role) => ({ parameter, role, layer: 0, along: 0, begin: begin[side] }));
  return {
    name: parameter,
    axes: [{ name: 'B', from: roles, to: roles }, { name: 'L', from: 1, to: 1 }, ...axes],
    writers: Array<boolean>(roles).fill(false),
    layers: { stacked: [0], exact: [0] },
    isCoupled: false,
    source: slices(0),
    target: slices(1),
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
