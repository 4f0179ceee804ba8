/** Shapes and element types shared by the graph, its ONNX form and the engines that run it. */

import { check } from '../core/errors.js';

/** Element types a tensor may have. Indices are int64 (as ONNX wants them), masks bool. */
export type DType = 'float32' | 'int64' | 'bool';

/**
 * A length that is known only at run time. Every negative number is such a symbol; equal symbols of one graph stand for
 * equal lengths. Serving graphs use this one for their first dimension; training graphs of a fixed batch size need none.
 */
export const BATCH = -1;

/** Lengths of the dimensions, outermost first; `[]` is a scalar. Negative ones are symbols. */
export type Shape = readonly number[];

/** True of a length that is known only at run time. */
export function isSymbol(length: number): boolean {
  return length < 0;
}

/** The symbols of a shape, in order. */
export function symbolsOf(shape: Shape): number[] {
  return shape.filter(isSymbol);
}

/** What is known of a tensor before it is computed. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The elements of a tensor, row-major; masks are one byte an element. */
export type ElementData = Float32Array | BigInt64Array | Uint8Array;

/** A computed tensor: what goes into an engine and comes out of it. */
export interface TensorData {
  readonly shape: Shape;
  readonly data: ElementData;
}

/** Number of elements; `batch` stands in for symbols. */
export function sizeOf(shape: Shape, batch = 1): number {
  return shape.reduce((product, length) => product * (isSymbol(length) ? batch : length), 1);
}

/** True if both shapes have the same dimensions in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** `[3,BATCH,9]`-like text for messages. */
export function shapeText(shape: Shape): string {
  return `[${shape.map((length) => (isSymbol(length) ? symbolText(length) : String(length))).join(',')}]`;
}

function symbolText(symbol: number): string {
  return symbol === BATCH ? 'BATCH' : `SYMBOL${-symbol}`;
}

/** The element type of typed-array data. */
export function dtypeOf(data: ElementData): DType {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof BigInt64Array ? 'int64' : 'bool';
}

/** Checks that a shape is made of whole lengths, positive or symbols. */
export function checkShape(shape: Shape, what: string): void {
  for (const length of shape) {
    check(
      Number.isInteger(length) && length !== 0,
      () => `${what} has shape ${shapeText(shape)}; lengths must be whole and positive, or symbols`,
    );
  }
}

/** The shape two operands broadcast to, by NumPy's rules: aligned at the end, a length of 1 stretches. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const dimensions = Math.max(a.length, b.length);
  return Array.from({ length: dimensions }, (_, i) => {
    const left = a[i - dimensions + a.length] ?? 1;
    const right = b[i - dimensions + b.length] ?? 1;
    check(left === right || left === 1 || right === 1, () => {
      return `Shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast`;
    });
    return left === 1 ? right : left;
  });
}

/** Turns negative axes into positive ones, checks them and sorts them. */
export function normalizeAxes(axes: readonly number[], dimensions: number): number[] {
  const positive = axes.map((axis) => (axis < 0 ? axis + dimensions : axis));
  for (const axis of positive) {
    check(
      Number.isInteger(axis) && axis >= 0 && axis < dimensions,
      `Axis ${axis} is outside a tensor with ${dimensions} dimensions`,
    );
  }
  check(new Set(positive).size === positive.length, `Axes ${axes.join(',')} name one dimension twice`);
  return positive.sort((a, b) => a - b);
}
