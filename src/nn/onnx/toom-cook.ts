/**
 * The matrices of Winograd's minimal filtering, by the Toom–Cook construction (A. Lavin & S. Gray, "Fast Algorithms for
 * Convolutional Neural Networks", CVPR 2016; S. Winograd, "Arithmetic Complexity of Computations", 1980).
 *
 * m outputs of a filter of 3 taps take m + 2 products instead of 3m: y = Aᵀ[(G f) ⊙ (Bᵀ x)], where the rows of G evaluate
 * the filter's polynomial at m + 1 points and at infinity, and Bᵀ and Aᵀ are the transposed interpolation.
 */

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/** Taps of the filter. */
const TAPS = 3;
/**
 * The points for m outputs: eighths up to 2 that were tried on random images and filters, and round results little. With 0, 1, −1,
 * 2, −2 the error of three outputs is 1.4 times, of four 2.2 times as large.
 */
const POINTS: Readonly<Record<number, readonly number[]>> = {
  2: [0, 1, -1],
  3: [0, 1 / 2, -1, 3 / 2],
  4: [0, -5 / 8, 3 / 4, -3 / 2, 7 / 4],
};
/** Largest m: more would need points that cost digits. */
const LONGEST = 4;

/**
 * The transforms of one whole line of `side` points with zeros beyond both ends: T tiles of m outputs, p = m + 2 products
 * each. The p·T products lie product by product, and within one tile by tile.
 */
export interface LineTransforms {
  /** p */
  readonly products: number;
  /** T */
  readonly tiles: number;
  /** [p, 3]: G. */
  readonly filter: Matrix;
  /** [p·T, side]: what Bᵀ makes of every tile's points. */
  readonly input: Matrix;
  /** [side, p·T]: the outputs that Aᵀ makes of the products. */
  readonly output: Matrix;
}

/** The transforms that take the fewest products for a line of this length. */
export function lineTransforms(side: number): LineTransforms {
  let best = LONGEST;
  const cost = (length: number): number => Math.ceil(side / length) * (length + TAPS - 1);
  for (let length = LONGEST - 1; length > 1; length--) if (cost(length) <= cost(best)) best = length;
  const { filter, input, output } = tileTransforms(best);
  const [products, tiles] = [filter.length, Math.ceil(side / best)];
  const line = Array.from({ length: products * tiles }, (_, i) => ({
    product: Math.floor(i / tiles),
    tile: i % tiles,
  }));
  const points = Array.from({ length: side }, (_, point) => point);
  return {
    products,
    tiles,
    filter,
    // A tile begins one point before its first output.
    input: line.map(({ product, tile }) => points.map((point) => input[product]![point + 1 - tile * best] ?? 0)),
    output: points.map((point) =>
      line.map(({ product, tile }) => (Math.floor(point / best) === tile ? output[point % best]![product]! : 0)),
    ),
  };
}

/** The columns as rows. */
export function transposed(matrix: Matrix): Matrix {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}

/** G [p, 3], Bᵀ [p, p] and Aᵀ [m, p] for m outputs. */
function tileTransforms(m: number): { filter: Matrix; input: Matrix; output: Matrix } {
  const points = POINTS[m]!;
  const powers = (point: number, count: number): number[] => Array.from({ length: count }, (_, i) => point ** i);
  const others = points.map((point) => points.filter((other) => other !== point));
  const scale = points.map((point, i) => others[i]!.reduce((product, other) => product * (point - other), 1));
  const infinity = (length: number): number[] => Array.from({ length }, (_, i) => Number(i === length - 1));
  return {
    filter: [...points.map((point, i) => powers(point, TAPS).map((power) => power / scale[i]!)), infinity(TAPS)],
    input: [...others.map((roots) => [...polynomial(roots), 0]), polynomial(points)],
    output: transposed([...points.map((point) => powers(point, m)), infinity(m)]),
  };
}

/** Coefficients of Π (x − root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce(
    (coefficients, root) => [0, ...coefficients].map((above, i) => above - root * (coefficients[i] ?? 0)),
    [1],
  );
}
