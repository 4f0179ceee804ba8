/**
 * Convolutions, all three passes, as matrix products over images laid out point by point, [H, W, N, C] (layout
 * `points`). A filter of one point is a product as it is. One of 3×3 is convolved by Winograd's method (toom-cook.ts): the
 * image is spread into p × p products a tile, each a matrix [tiles · N, C] times one [C, O], and the results gathered
 * again: on 9×9 with 3.2 times fewer multiplications. Both passes of a convolution share what was spread.
 *
 * Spreading and gathering are two products with small matrices, one along each line of the board. ONNX Runtime can take
 * the batch of a product from an inner dimension, so no data is moved around for spreading, and once for gathering.
 */

import type { ComputedTensor, Graph, LaidOut, Layouts, Tensor } from '../graph.js';
import { type Shape, isSymbol } from '../types.js';
import { type LineTransforms, type Matrix, lineTransforms, transposed } from './toom-cook.js';

const MICROSOFT = 'com.microsoft';

/** Filters from which on a 3×3 convolution is worth spreading; fewer leave the products too small. */
const FEWEST_FILTERS = 16;

/**
 * Constant filters are convolved at twice the speed of trained ones, so products pay for them only where many channels meet
 * (the fewest, both of the filter's sides) and few products make a point; a convolution makes 9 (docs/decisions/0013).
 */
const FEWEST_CHANNELS = 96;
const MOST_PRODUCTS = 2.8;
/** Spread, constant filters take up to four times as many numbers; those of a graph may take half a gibibyte. */
const MOST_SPREAD = 2 ** 27;

/** Whether the convolutions of a graph are faster in the layout `points`: trained ones are, constant ones by what they are. */
export function paysByPoints({ order }: Graph, isConstant: (filter: Tensor) => boolean): boolean {
  const convolutions = order.filter((tensor) => tensor.kind === 'computed' && tensor.operation.name === 'conv2d');
  const constant = (convolutions as ComputedTensor[]).filter(({ inputs }) => isConstant(inputs[1]!));
  if (constant.length === 0) return true;
  return (
    constant.some(paysWhereConstant) && constant.reduce((sum, { inputs }) => sum + spreadSize(inputs), 0) <= MOST_SPREAD
  );
}

function paysWhereConstant({ inputs }: ComputedTensor): boolean {
  const [image, filter] = inputs as [Tensor, Tensor];
  const [filters, channels, kernel] = filter.shape as [number, number, number];
  if (kernel !== 3 || Math.min(filters, channels) < FEWEST_CHANNELS) return false;
  const { rows, columns } = linesOf(image.shape);
  const products = rows.products * rows.tiles * columns.products * columns.tiles;
  return products <= MOST_PRODUCTS * image.shape[2]! * image.shape[3]!;
}

/** Numbers that a filter has once it is spread. */
function spreadSize([image, filter]: readonly Tensor[]): number {
  const [filters, channels, kernel] = filter!.shape as [number, number, number];
  const { rows, columns } = linesOf(image!.shape);
  return filters * channels * (kernel === 3 ? rows.products * columns.products : kernel ** 2);
}

/** True of convolutions of such images with such filters [O, C, K, K] if they are to be lowered here. */
export function convolvesByPoints(layouts: Layouts, image: Tensor, [filters, , kernel]: Shape): boolean {
  const fits = kernel === 1 || (kernel === 3 && filters! >= FEWEST_FILTERS);
  return layouts.usesPoints && fits && !image.shape.slice(1).some(isSymbol);
}

/** y = x * filter + bias. */
export function convolution(layouts: Layouts, x: Tensor, filter: Tensor, bias?: Tensor): LaidOut {
  const { model } = layouts;
  const [outputs, channels, kernel] = filter.shape;
  const offset = bias === undefined ? [] : [layouts.name(bias)];
  if (kernel === 1) {
    const matrix = model.node('Reshape', [layouts.name(filter), model.ints([outputs!, channels!])]);
    const y = model.node('Gemm', [rowsOf(layouts, x), matrix, ...offset], { transB: 1 });
    return { name: imageOf(layouts, y, x.shape, outputs!), layout: 'points' };
  }
  const operands = [tilesOf(layouts, x), spreadFilter(layouts, filter, x.shape)];
  const products = model.node('FusedMatMul', operands, { transB: 1 }, MICROSOFT);
  const lines = linesOf(x.shape);
  const y = gathered(layouts, products, [lines.rows.output, lines.columns.output], { lines, channels: outputs! });
  return { name: bias === undefined ? y : model.node('Add', [y, offset[0]!]), layout: 'points' };
}

/** The derivative with respect to the image. */
export function inputGradient(layouts: Layouts, upstream: Tensor, filter: Tensor): LaidOut {
  const { model } = layouts;
  const [outputs, channels, kernel] = filter.shape;
  if (kernel === 1) {
    const matrix = model.node('Reshape', [layouts.name(filter), model.ints([outputs!, channels!])]);
    const product = model.node('Gemm', [rowsOf(layouts, upstream), matrix]);
    return { name: imageOf(layouts, product, upstream.shape, channels!), layout: 'points' };
  }
  const products = model.node('MatMul', [slopesOf(layouts, upstream), spreadFilter(layouts, filter, upstream.shape)]);
  const lines = linesOf(upstream.shape);
  const matrices = [transposed(lines.rows.input), transposed(lines.columns.input)] as const;
  return { name: gathered(layouts, products, matrices, { lines, channels: channels! }), layout: 'points' };
}

/** The derivative with respect to the filter [O, C, K, K]. */
export function filterGradient(layouts: Layouts, x: Tensor, upstream: Tensor, shape: Shape): LaidOut {
  const { model } = layouts;
  const result = (name: string): LaidOut => {
    return { name: model.node('Reshape', [name, model.ints(shape)]), layout: 'first' };
  };
  if (shape[2] === 1) return result(model.node('Gemm', [rowsOf(layouts, upstream), rowsOf(layouts, x)], { transA: 1 }));
  const operands = [slopesOf(layouts, upstream), tilesOf(layouts, x)];
  const spread = model.node('FusedMatMul', operands, { transA: 1 }, MICROSOFT);
  const matrix = filterMatrix(linesOf(x.shape));
  const flat = model.node('Reshape', [spread, model.ints([matrix.length, shape[0]! * shape[1]!])]);
  return result(model.node('Gemm', [flat, model.floats(matrix)], { transA: 1 }));
}

/** How the lines of a board [N, C, H, W] are transformed. */
interface Lines {
  readonly rows: LineTransforms;
  readonly columns: LineTransforms;
}

function linesOf([, , height, width]: Shape): Lines {
  return { columns: lineTransforms(height!), rows: lineTransforms(width!) };
}

/** An image as the matrix [H · W · N, C]. */
function rowsOf(layouts: Layouts, image: Tensor): string {
  return layouts.once(image, 'rows', () => {
    return layouts.model.node('Reshape', [layouts.name(image, 'points'), layouts.model.ints([-1, image.shape[1]!])]);
  });
}

function imageOf({ model }: Layouts, rows: string, [, , height, width]: Shape, channels: number): string {
  return model.node('Reshape', [rows, model.ints([height!, width!, -1, channels])]);
}

/** The image that a convolution reads, spread. */
function tilesOf(layouts: Layouts, x: Tensor): string {
  return layouts.once(x, 'tiles', () => {
    const lines = linesOf(x.shape);
    return spread(layouts, x, [lines.rows.input, lines.columns.input], lines);
  });
}

/** The derivative of what it gives, spread. */
function slopesOf(layouts: Layouts, upstream: Tensor): string {
  return layouts.once(upstream, 'slopes', () => {
    const lines = linesOf(upstream.shape);
    return spread(layouts, upstream, [transposed(lines.rows.output), transposed(lines.columns.output)], lines);
  });
}

/**
 * From [H, W, N, C] to [p · p, tiles · N, C], along the rows and then along the columns. The matrices go from points to
 * products.
 */
function spread(
  layouts: Layouts,
  image: Tensor,
  [alongRows, alongColumns]: readonly [Matrix, Matrix],
  { rows, columns }: Lines,
): string {
  const { model } = layouts;
  const [, channels, height, width] = image.shape as [number, number, number, number];
  const reshaped = (name: string, shape: readonly number[]): string => model.node('Reshape', [name, model.ints(shape)]);
  const points = reshaped(layouts.name(image, 'points'), [height, width, -1]);
  const half = model.node('MatMul', [model.floats(alongRows), points]);
  const operands = [reshaped(model.floats(alongColumns), [1, alongColumns.length, height])];
  operands.push(reshaped(half, [height, rows.products, -1]));
  const whole = model.node('FusedMatMul', operands, { transBatchB: 1 }, MICROSOFT);
  return reshaped(whole, [rows.products * columns.products, -1, channels]);
}

/** Back to [H, W, N, C]; the matrices go from products to points. */
function gathered(
  { model }: Layouts,
  products: string,
  [alongRows, alongColumns]: readonly [Matrix, Matrix],
  { lines: { rows, columns }, channels }: { readonly lines: Lines; readonly channels: number },
): string {
  const [height, width] = [alongColumns.length, alongRows.length];
  const reshaped = (name: string, shape: readonly number[]): string => model.node('Reshape', [name, model.ints(shape)]);
  const tiles = reshaped(products, [rows.products, columns.products * columns.tiles, -1]);
  const half = model.node('MatMul', [model.floats(alongColumns), tiles]);
  const lines = model.node('Transpose', [half], { perm: [1, 0, 2] });
  const whole = model.node('MatMul', [
    model.floats(alongRows),
    reshaped(lines, [height, rows.products * rows.tiles, -1]),
  ]);
  return reshaped(whole, [height, width, -1, channels]);
}

/** A filter as [p · p, O, C]. */
function spreadFilter(layouts: Layouts, filter: Tensor, board: Shape): string {
  const { model } = layouts;
  const [outputs, channels] = filter.shape as [number, number];
  return layouts.once(filter, `filter for ${board.slice(2).join()}`, () => {
    const matrix = filterMatrix(linesOf(board));
    const taps = model.node('Reshape', [layouts.name(filter), model.ints([outputs * channels, matrix[0]!.length])]);
    const flat = model.node('Gemm', [model.floats(matrix), taps], { transB: 1 });
    return model.node('Reshape', [flat, model.ints([matrix.length, outputs, channels])]);
  });
}

/** [p · p, 9]: G along both dimensions at once. */
function filterMatrix({ rows, columns }: Lines): Matrix {
  return rows.filter.flatMap((row) =>
    columns.filter.map((column) => column.flatMap((down) => row.map((across) => down * across))),
  );
}
