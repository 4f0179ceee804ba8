/** What grows together in a network that is known by a description of its parameters alone. */

import { AppError, check } from '../../core/errors.js';
import { sizeOf } from '../../nn/types.js';
import { layerCopies, repeated } from './copies.js';
import type { Axis, Bundle, GrowthPlan, Shapes, Slice } from './bundle.js';

/** Units that parameters read or write. */
export interface DescribedUnits {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Of each unit of the target the one of the source that it is a copy of; empty takes them in turn. */
  readonly copies: readonly number[];
}

/** An axis of a parameter; without `units` it stays as it is. */
export interface DescribedAxis {
  readonly units: string;
  readonly isRead: boolean;
  /** Blocks of the units side by side. */
  readonly parts: number;
}

/** A parameter; `{layer}` in its name stands for each layer. */
export interface DescribedParameter {
  readonly name: string;
  readonly axes: readonly DescribedAxis[];
  readonly isWriter: boolean;
}

/** A network and what it is to become. */
export interface GrowthDescription {
  readonly units: readonly DescribedUnits[];
  readonly sourceLayers: number;
  readonly targetLayers: number;
  readonly parameters: readonly DescribedParameter[];
}

const LAYER = '{layer}';

/** Far more than networks have, and few enough for the lists that growing makes of them. */
const MOST = { units: 2 ** 20, layers: 4096, parts: 1024, pieces: 2 ** 20, characters: 1024 } as const;
/** A map of units has a number for each pair of one of the source and one of the target; this many are 1 GiB. */
const MOST_PAIRS = 2 ** 28;

/**
 * How the described network grows. What of the checkpoint is not described is kept.
 *
 * @throws AppError 'invalid-argument' naming the parameter, or the sizes, that do not fit
 */
export function describedGrowth(description: GrowthDescription, shapes: Shapes): GrowthPlan {
  const { parameters, sourceLayers, targetLayers } = description;
  check(
    targetLayers >= sourceLayers,
    () => `target_layers is ${targetLayers}, less than source_layers, ${sourceLayers}`,
  );
  check(targetLayers <= MOST.layers, () => `target_layers is ${targetLayers}; it may be ${MOST.layers} at most`);
  checkPieces(description);
  const units = unitsOf(description);
  const bundles: Bundle[] = [];
  const described = new Set<string>();
  const targetShapes = new Map<string, readonly number[]>();
  for (const parameter of parameters) {
    const [before, after] = [namesOf(parameter, sourceLayers), namesOf(parameter, targetLayers)];
    const shape = shapeOf(parameter, before, shapes);
    for (const name of before) {
      check(!described.has(name), () => `Parameter '${name}' is described twice`);
      described.add(name);
    }
    const axes = parameter.axes.map((axis, i) => growingAxis(parameter, axis, shape[i]!, units));
    const grown = axes.map(({ axis, parts }) => axis.to * parts);
    for (const name of after) targetShapes.set(name, grown);
    bundles.push(bundleOf(parameter, axes, { before, after }));
  }
  const kept = [...shapes.keys()].filter((name) => !described.has(name));
  for (const name of kept) {
    check(!targetShapes.has(name), () => `Parameter '${name}' is of a layer beyond source_layers, ${sourceLayers}`);
    targetShapes.set(name, shapes.get(name)!);
  }
  return { bundles, sourceShapes: shapes, targetShapes, kept };
}

/** A piece is a part of a parameter in one layer. */
function checkPieces({ parameters, targetLayers }: GrowthDescription): void {
  let pieces = 0;
  for (const { name, axes } of parameters) {
    const { length } = name;
    check(length <= MOST.characters, () => {
      return `A parameter has a name of ${length} characters; it may have ${MOST.characters} at most`;
    });
    const parts = Math.max(1, ...axes.map((axis) => axis.parts));
    check(parts <= MOST.parts, () => `Parameter '${name}' has ${parts} parts; it may have ${MOST.parts} at most`);
    pieces += parts * (name.includes(LAYER) ? targetLayers : 1);
  }
  check(
    pieces <= MOST.pieces,
    () => `The target has ${pieces} pieces of parameters; it may have ${MOST.pieces} at most`,
  );
}

function unitsOf({ units }: GrowthDescription): Map<string, DescribedUnits> {
  const known = new Map<string, DescribedUnits>();
  for (const { name, from, to, copies } of units) {
    check(name !== '' && !known.has(name), () => `Units are called '${name}' twice, or have no name`);
    check(from > 0 && to >= from, () => `The units '${name}' are ${to} in the target and ${from} in the source`);
    check(to <= MOST.units, () => `The units '${name}' are ${to} in the target; they may be ${MOST.units} at most`);
    check(from * to <= MOST_PAIRS, () => {
      return `The units '${name}' are ${to} in the target and ${from} in the source; the product may be ${MOST_PAIRS} at most`;
    });
    const all = copies.length === 0 ? repeated(from, to) : copies;
    const isWhole = all.length === to && all.every((unit) => unit < from) && new Set(all).size === from;
    check(
      isWhole,
      () => `The copies of the units '${name}' must be ${to} numbers below ${from}, each of them at least once`,
    );
    known.set(name, { name, from, to, copies: all });
  }
  return known;
}

function namesOf({ name }: DescribedParameter, layers: number): string[] {
  if (!name.includes(LAYER)) return [name];
  return Array.from({ length: layers }, (_, layer) => name.replaceAll(LAYER, String(layer)));
}

/** The shape, which must be the same in every layer. */
function shapeOf({ name, axes }: DescribedParameter, names: readonly string[], shapes: Shapes): readonly number[] {
  check(names.length > 0, () => `Parameter '${name}' is of layers, and source_layers is 0`);
  const all = names.map((one) => {
    const shape = shapes.get(one);
    check(shape !== undefined, () => `The checkpoint holds no '${one}'`);
    check(
      shape.length === axes.length,
      () => `Parameter '${one}' has ${shape.length} axes; described are ${axes.length}`,
    );
    return shape;
  });
  check(new Set(all.map((shape) => shape.join())).size === 1, () => `Parameter '${name}' has several shapes`);
  return all[0]!;
}

interface GrowingAxis {
  readonly axis: Axis;
  readonly parts: number;
}

function growingAxis(
  { name }: DescribedParameter,
  { units, isRead, parts: given }: DescribedAxis,
  length: number,
  known: ReadonlyMap<string, DescribedUnits>,
): GrowingAxis {
  if (units === '') return { axis: { name: 'C', from: length, to: length }, parts: 1 };
  const found = known.get(units);
  if (!found)
    throw new AppError('invalid-argument', `Parameter '${name}' names the units '${units}', which are not described`);
  const parts = Math.max(1, given);
  const { from, to, copies } = found;
  check(length === from * parts, () => {
    return `Parameter '${name}' has ${length} on the axis of the units '${units}'; ${from} × ${parts} are described`;
  });
  const label = isRead ? 'I' : 'O';
  return { axis: { name: label, from, to, copies, core: `${name}.${label}` }, parts };
}

function bundleOf(
  { name, isWriter }: DescribedParameter,
  all: readonly GrowingAxis[],
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
): Bundle {
  const axes = joinKept(all);
  const cut = axes.filter(({ parts }) => parts > 1);
  check(cut.length <= 1, () => `Parameter '${name}' has parts on ${cut.length} axes; they may be on one`);
  const parts = cut[0]?.parts ?? 1;
  const along = cut[0] ? axes.indexOf(cut[0]) : 0;
  const own = axes.map(({ axis }) => axis);
  const labels = own.map(({ name: label }) => label);
  check(new Set(labels).size === labels.length, () => {
    return `Parameter '${name}' may read one kind of units, write one, and keep two runs of axes`;
  });
  const isLayered = name.includes(LAYER);
  const slices = (names: readonly string[], side: 'from' | 'to'): Slice[] =>
    names.flatMap((parameter, layer) =>
      Array.from({ length: parts }, (_, role) => {
        return { parameter, role, layer, along, begin: parts === 1 ? 0 : role * own[along]![side] };
      }),
    );
  return {
    name,
    axes: [
      { name: 'B', from: parts, to: parts, ...(isLayered && { core: `${name}.B` }) },
      { name: 'L', from: before.length, to: after.length, ...(isLayered && { core: `${name}.L` }) },
      ...own,
    ],
    writers: Array<boolean>(parts).fill(isWriter),
    layers: layerCopies(before.length, after.length),
    isCoupled: isLayered && labels.includes('I') && labels.includes('O'),
    source: slices(before, 'from'),
    target: slices(after, 'to'),
  };
}

/** Neighbouring axes that are kept are one; a second run of them has the name of kernel taps, and no core either. */
function joinKept(axes: readonly GrowingAxis[]): GrowingAxis[] {
  const joined: GrowingAxis[] = [];
  let runs = 0;
  for (const own of axes) {
    const last = joined.at(-1);
    if (own.axis.core !== undefined) joined.push(own);
    else if (last && last.axis.core === undefined) {
      const length = sizeOf([last.axis.from, own.axis.from]);
      joined[joined.length - 1] = { axis: { ...last.axis, from: length, to: length }, parts: 1 };
    } else joined.push({ ...own, axis: { ...own.axis, name: runs++ === 0 ? 'C' : 'K' } });
  }
  return joined;
}
