/**
 * The mean of 2/π · atan(x) where x has a normal distribution. There is no closed form; a table is made once, and read with
 * bilinear interpolation, its error below 0.003. Both axes are squeezed as x / (1 + x), so that the table is fine near zero
 * and reaches far.
 */

const steps = 64;
/** Spread beyond which nothing changes any more that matters. */
const widest = 31;
/** Points of the integral, over ±6 standard deviations. */
const points = 240;

let table: Float32Array | undefined;

/**
 * In (−1, 1), odd in `mean`.
 *
 * @param stdev not negative; beyond 31 it counts as 31
 */
export function smoothedArctangent(mean: number, stdev: number): number {
  table ??= makeTable();
  const size = Math.abs(mean);
  const x = steps * (size / (1 + size));
  const spread = Math.min(stdev, widest);
  const y = steps * (spread / (1 + spread));
  const column = Math.min(steps - 1, Math.floor(x));
  const row = Math.min(steps - 1, Math.floor(y));
  const [right, down] = [x - column, y - row];
  const at = row * (steps + 1) + column;
  const above = table[at]! + right * (table[at + 1]! - table[at]!);
  const below = table[at + steps + 1]! + right * (table[at + steps + 2]! - table[at + steps + 1]!);
  const result = above + down * (below - above);
  return mean < 0 ? -result : result;
}

/** [spread, mean], both squeezed. */
function makeTable(): Float32Array {
  const made = new Float32Array((steps + 1) * (steps + 1));
  for (let row = 0; row <= steps; row++) {
    const stdev = Math.min(widest, row / (steps - row));
    for (let column = 0; column <= steps; column++) {
      made[row * (steps + 1) + column] = column === steps ? 1 : integral(column / (steps - column), stdev);
    }
  }
  return made;
}

/** By the midpoint rule, which is very accurate for an integrand that vanishes at both ends. */
function integral(mean: number, stdev: number): number {
  let sum = 0;
  let weights = 0;
  for (let i = 0; i < points; i++) {
    const z = ((i + 0.5) / points) * 12 - 6;
    const weight = Math.exp(-0.5 * z * z);
    weights += weight;
    sum += weight * Math.atan(mean + stdev * z);
  }
  return ((2 / Math.PI) * sum) / weights;
}
