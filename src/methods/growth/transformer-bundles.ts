/**
 * What of a decoder-only transformer grows together. All matrices of a layer that are as large as the residual stream is wide
 * are slices of one M; the gated hidden layer is cut into blocks of that width where it fits. What has other sizes (keys and
 * values of grouped heads, say) forms bundles of its own.
 */

import { check } from '../../core/errors.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import {
  EMBEDDING,
  headParameter,
  LAST_NORM,
  layerParameter,
  transformerParameters,
} from '../../nn/networks/transformer/parameters.js';
import { headCopies, layerCopies, repeated } from './copies.js';
import type { Axis, AxisName, Bundle, GrowthPlan, LayerCopies, Shapes, Slice } from './bundle.js';
import type { OperatorSettings } from './settings.js';

/** The two sizes. */
interface Sizes {
  readonly from: TransformerConfiguration;
  readonly to: TransformerConfiguration;
}

/** What a matrix reads or writes: units of the source, and of which of them each unit of the target is a copy. */
interface Space {
  readonly name: 'stream' | 'head' | 'keyValue' | 'hidden';
  readonly from: number;
  readonly copies: readonly number[];
}

/** A matrix that every layer has, or a block of one. */
interface Matrix {
  readonly name: string;
  readonly input: Space;
  readonly output: Space;
  readonly block: number;
  /** The axis along which blocks lie side by side: 0 for outputs, 1 for inputs. */
  readonly along: number;
}

/**
 * How a transformer grows.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit
 */
export function transformerGrowth(
  from: TransformerConfiguration,
  to: TransformerConfiguration,
  coupling: OperatorSettings['coupling'],
): GrowthPlan {
  checkSizes({ from, to });
  const sizes = { from, to };
  const layers = layerCopies(from.layers, to.layers);
  const bundles = [
    ...matrixFamilies(sizes, layers, coupling),
    ...vectorFamilies(sizes, layers),
    ...ends(sizes, layers),
  ];
  return { bundles, sourceShapes: shapesOf(from), targetShapes: shapesOf(to), kept: [] };
}

function checkSizes({ from, to }: Sizes): void {
  const same = ['headWidth', 'vocabulary', 'queryKeyValueBias', 'tiedHead', 'ropeTheta', 'normEpsilon'] as const;
  for (const key of same) {
    check(from[key] === to[key], () => {
      return `${key} is ${String(to[key])} in the target and ${String(from[key])} in the source; it must stay the same`;
    });
  }
  const growing = ['layers', 'hidden', 'heads', 'keyValueHeads', 'intermediate', 'context'] as const;
  for (const key of growing) {
    check(to[key] >= from[key], () => `${key} is ${to[key]} in the target, less than the source's ${from[key]}`);
  }
  const groups = [from.heads / from.keyValueHeads, to.heads / to.keyValueHeads] as const;
  check(groups[1] >= groups[0], () => {
    return `A group of heads is ${groups[1]} in the target, less than the source's ${groups[0]}`;
  });
}

function spacesOf({ from, to }: Sizes): Record<Space['name'], Space> {
  const keyValues = (size: TransformerConfiguration): number => size.keyValueHeads * size.headWidth;
  return {
    stream: { name: 'stream', from: from.hidden, copies: repeated(from.hidden, to.hidden) },
    head: { name: 'head', from: from.heads * from.headWidth, copies: headCopies(from, to) },
    keyValue: { name: 'keyValue', from: keyValues(from), copies: repeated(keyValues(from), keyValues(to)) },
    hidden: { name: 'hidden', from: from.intermediate, copies: repeated(from.intermediate, to.intermediate) },
  };
}

/** The matrices of a layer, the hidden layer in blocks if that fits both sizes. */
function matricesOf({ from, to }: Sizes, isCut: boolean): Matrix[] {
  const { stream, head, keyValue, hidden } = spacesOf({ from, to });
  const blocks = from.intermediate / from.hidden;
  const fits = isCut && Number.isInteger(blocks) && to.intermediate / to.hidden === blocks;
  const inner = fits ? stream : hidden;
  const cut = (name: string, input: Space, output: Space, along: number): Matrix[] =>
    Array.from({ length: fits ? blocks : 1 }, (_, block) => ({ name, input, output, block, along }));
  const whole = { block: 0, along: 0 };
  return [
    { name: 'self_attn.q_proj', input: stream, output: head, ...whole },
    { name: 'self_attn.k_proj', input: stream, output: keyValue, ...whole },
    { name: 'self_attn.v_proj', input: stream, output: keyValue, ...whole },
    { name: 'self_attn.o_proj', input: head, output: stream, ...whole },
    ...cut('mlp.gate_proj', stream, inner, 0),
    ...cut('mlp.up_proj', stream, inner, 0),
    ...cut('mlp.down_proj', inner, stream, 1),
  ];
}

function matrixFamilies(sizes: Sizes, layers: LayerCopies, coupling: OperatorSettings['coupling']): Bundle[] {
  const groups = new Map<string, Matrix[]>();
  for (const matrix of matricesOf(sizes, coupling === 'all')) {
    const { name, input, output } = matrix;
    const alike = [input.from, output.from, input.copies.join(), output.copies.join()].join('|');
    const key = coupling === 'all' ? alike : name;
    groups.set(key, [...(groups.get(key) ?? []), matrix]);
  }
  return [...groups.values()].map((matrices) => matrixFamily(matrices, sizes, layers));
}

function matrixFamily(matrices: readonly Matrix[], { from, to }: Sizes, layers: LayerCopies): Bundle {
  const names = [...new Set(matrices.map(({ name }) => name.replace(/^.*\.(.*)_proj$/u, '$1')))];
  const name = `weights(${names.join(',')})`;
  const { input, output } = matrices[0]!;
  const axis = (label: AxisName, space: Space): Axis => {
    const { from: small, copies } = space;
    return { name: label, from: small, to: copies.length, copies, core: `${name}.${label}` };
  };
  const slices = (count: number, side: 'from' | 'to'): Slice[] =>
    matrices.flatMap(({ name: type, block, along }, role) => {
      const width = side === 'from' ? input.from : input.copies.length;
      const rows = { role, along, begin: block * width };
      return eachLayer(count, (layer) => ({ parameter: layerParameter(layer, `${type}.weight`), layer, ...rows }));
    });
  return {
    name,
    axes: [...stacking(name, matrices.length, { from, to }), axis('O', output), axis('I', input)],
    writers: matrices.map(({ name: type }) => type.endsWith('o_proj') || type.endsWith('down_proj')),
    layers,
    isCoupled: true,
    source: slices(from.layers, 'from'),
    target: slices(to.layers, 'to'),
  };
}

/** Norms, and biases where there are any. */
function vectorFamilies(sizes: Sizes, layers: LayerCopies): Bundle[] {
  const { stream, head, keyValue } = spacesOf(sizes);
  const bundle = (name: string, parameters: readonly string[], space: Space, core: string): Bundle => ({
    name,
    axes: [
      ...stacking(name, parameters.length, sizes),
      { name: 'O', from: space.from, to: space.copies.length, copies: space.copies, core },
    ],
    writers: parameters.map(() => false),
    layers,
    isCoupled: false,
    source: vectorSlices(parameters, sizes.from.layers),
    target: vectorSlices(parameters, sizes.to.layers),
  });
  const norms = ['input_layernorm.weight', 'post_attention_layernorm.weight'];
  const bias = (part: string): string => `self_attn.${part}_proj.bias`;
  return [
    bundle('norms', norms, stream, 'stream.write'),
    ...(sizes.from.queryKeyValueBias
      ? [
          bundle('queryBiases', [bias('q')], head, 'queryBiases.O'),
          bundle('keyValueBiases', [bias('k'), bias('v')], keyValue, 'keyValueBiases.O'),
        ]
      : []),
  ];
}

function vectorSlices(parameters: readonly string[], count: number): Slice[] {
  return parameters.flatMap((parameter, role) =>
    eachLayer(count, (layer) => ({ parameter: layerParameter(layer, parameter), role, layer, along: 0, begin: 0 })),
  );
}

/**
 * The embedding, the last norm and the head. A head that is the embedding reads every copy of a unit in full; the last norm
 * then shares the units out among their copies.
 */
function ends({ from, to }: Sizes, layers: LayerCopies): Bundle[] {
  const { stream } = spacesOf({ from, to });
  const grown = { from: from.hidden, to: to.hidden, copies: stream.copies };
  const write: Axis = { name: 'O', ...grown, core: 'stream.write' };
  const read: Axis = { name: 'I', ...grown, core: 'stream.read' };
  const words: Axis = { name: 'C', from: from.vocabulary, to: from.vocabulary };
  const bundle = (parameter: string, axes: readonly Axis[]): Bundle => {
    const slices = [{ parameter, role: 0, layer: 0, along: 0, begin: 0 }];
    const single: Axis[] = [
      { name: 'B', from: 1, to: 1 },
      { name: 'L', from: 1, to: 1 },
    ];
    const rest = { writers: [false], layers, isCoupled: false, source: slices, target: slices };
    return { name: parameter, axes: [...single, ...axes], ...rest };
  };
  return [
    bundle(EMBEDDING, [words, write]),
    bundle(LAST_NORM, [from.tiedHead ? read : write]),
    ...(from.tiedHead ? [] : [bundle(headParameter(from), [words, read])]),
  ];
}

function stacking(name: string, roles: number, { from, to }: Sizes): Axis[] {
  return [
    { name: 'B', from: roles, to: roles, core: `${name}.B` },
    { name: 'L', from: from.layers, to: to.layers, core: `${name}.L` },
  ];
}

function eachLayer(count: number, make: (layer: number) => Slice): Slice[] {
  return Array.from({ length: count }, (_, layer) => make(layer));
}

function shapesOf(configuration: TransformerConfiguration): Shapes {
  return new Map(transformerParameters(configuration).map(({ name, shape }) => [name, shape]));
}
