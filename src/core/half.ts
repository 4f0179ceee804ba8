/**
 * IEEE 754 half precision ↔ single precision, for policies on the wire (Node 20 has no Float16Array).
 */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The nearest half (ties to even) as its 16 bits; beyond ±65504 it becomes ±infinity. */
export function toHalfBits(value: number): number {
  floatView[0] = value;
  return halfOf(bitsView[0]!);
}

/** The same of a float given as its 32 bits. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  if (magnitude >= 0x4780_0000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) {
    // A subnormal half counts units of 2^-24. `floatView` holds single precision, which a power of two scales exactly, so the
    // only rounding is the one here.
    bitsView[0] = magnitude;
    const scaled = floatView[0]! * 0x100_0000;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && (floor & 1) === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | Math.min((rounded - 0x3800_0000) >>> 13, 0x7c00);
}

/** The value of a half given as its 16 bits; exact. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Packs `values` as little-endian halves, two bytes each, into `bytes` or a new array. */
export function encodeHalves(values: ArrayLike<number>, bytes = new Uint8Array(values.length * 2)): Uint8Array {
  for (let i = 0; i < values.length; i++) {
    const bits = toHalfBits(values[i] ?? 0);
    bytes[2 * i] = bits & 0xff;
    bytes[2 * i + 1] = bits >>> 8;
  }
  return bytes;
}

/** The same for `count` floats from `from` on, given as their bits, to `bytes` from `at` on. */
export function writeHalves(floats: Uint32Array, from: number, count: number, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < count; i++) {
    const half = halfOf(floats[from + i]!);
    bytes[at + 2 * i] = half & 0xff;
    bytes[at + 2 * i + 1] = half >>> 8;
  }
}

/** What a half's exponent is off by when its bits are read as those of a float. */
const SCALE = 2 ** 112;

/** Unpacks little-endian halves. */
export function decodeHalves(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length >>> 1);
  readHalves(bytes, 0, values.length, values, new Uint32Array(values.buffer), 0);
  return values;
}

/** The same for `count` halves from `from` on, to `values`, whose bits are `words`, from `at` on. */
export function readHalves(
  bytes: Uint8Array,
  from: number,
  count: number,
  values: Float32Array,
  words: Uint32Array,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    const half = bytes[from + 2 * i]! | (bytes[from + 2 * i + 1]! << 8);
    if ((half & 0x7c00) === 0x7c00) {
      values[at + i] = fromHalfBits(half);
    } else {
      words[at + i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
      values[at + i] = values[at + i]! * SCALE;
    }
  }
}
