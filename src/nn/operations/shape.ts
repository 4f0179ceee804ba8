/** Operations that move elements without computing: reshape, transpose, slice, pad, concat, flip. */

import { check } from '../../core/errors.js';
import { type ComputedTensor, type Operand, type Tensor, apply, defineOperation, tensorOf } from '../graph.js';
import { type Shape, checkShape, isSymbol, normalizeAxes, sameShape, shapeText, sizeOf, symbolsOf } from '../types.js';

const reshapeOperation = defineOperation<{ shape: Shape }>({
  name: 'reshape',
  infer([x], { shape }) {
    checkShape(shape, 'The result of reshape');
    const sameSymbols = symbolsOf(x!.shape).join() === symbolsOf(shape).join();
    check(sameSymbols && sizeOf(x!.shape) === sizeOf(shape), () => {
      return `Cannot reshape ${shapeText(x!.shape)} to ${shapeText(shape)}`;
    });
    return { shape: [...shape], dtype: x!.dtype };
  },
  gradient: ([x], _output, upstream) => [reshape(upstream, x!.shape)],
  onnx: (model, [x], { shape, inputs }) => model.node('Reshape', [x!, model.ints(inferable(shape, inputs[0]!.shape))]),
  tf: (tf, [x], { shape, inputs }) => tf.reshape(x!, actual(shape, inputs[0]!.shape, x!.shape)),
});

/** ONNX takes one length from the number of elements (-1), and any that stays in its place (0). */
function inferable(shape: Shape, from: Shape): number[] {
  if (symbolsOf(shape).length < 2) return [...shape].map((length) => (isSymbol(length) ? -1 : length));
  const lengths = shape.map((length, i) => (isSymbol(length) ? (length === from[i] ? 0 : -1) : length));
  check(lengths.filter((length) => length === -1).length < 2, () => {
    return `Cannot reshape ${shapeText(from)} to ${shapeText(shape)}: only one symbol may change its place`;
  });
  return lengths;
}

/** The lengths that symbols have in a run. */
function actual(shape: Shape, from: Shape, lengths: readonly number[]): number[] {
  return shape.map((length) => (isSymbol(length) ? lengths[from.indexOf(length)]! : length));
}

/** The same elements in another shape. Symbols stay in order. */
export function reshape(x: Operand, shape: Shape): Tensor {
  const tensor = tensorOf(x);
  return sameShape(tensor.shape, shape) ? tensor : apply(reshapeOperation, [tensor], { shape });
}

const transposeOperation = defineOperation<{ permutation: readonly number[] }>({
  name: 'transpose',
  infer([x], { permutation }) {
    const sorted = normalizeAxes(permutation, x!.shape.length);
    check(sorted.length === x!.shape.length, `Permutation [${permutation.join()}] does not fit ${shapeText(x!.shape)}`);
    const shape = permutation.map((axis) => x!.shape[axis]!);
    checkShape(shape, 'The result of transpose');
    return { shape, dtype: x!.dtype };
  },
  gradient(_inputs, _output, upstream, { permutation }) {
    const inverse = permutation.map((_, i) => permutation.indexOf(i));
    return [transpose(upstream, inverse)];
  },
  onnx: (model, [x], { attributes }) => model.node('Transpose', [x!], { perm: attributes.permutation }),
  tf: (tf, [x], { attributes }) => tf.transpose(x!, [...attributes.permutation]),
});

/** Dimension `i` of the result is dimension `permutation[i]` of `x`. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  return permutation.every((axis, i) => axis === i) && permutation.length === x.shape.length
    ? x
    : apply(transposeOperation, [x], { permutation });
}

interface SliceAttributes {
  /** First index kept along each dimension. */
  readonly begin: readonly number[];
  /** How many are kept; the symbol itself along an untouched dimension of unknown length. */
  readonly size: readonly number[];
}

const sliceOperation = defineOperation<SliceAttributes>({
  name: 'slice',
  infer([x], { begin, size }) {
    const fits = x!.shape.every((length, i) => {
      if (isSymbol(length)) return begin[i] === 0 && size[i] === length;
      return begin[i]! >= 0 && size[i]! > 0 && begin[i]! + size[i]! <= length;
    });
    check(fits && begin.length === x!.shape.length && size.length === begin.length, () => {
      return `Cannot slice ${shapeText(x!.shape)} from [${begin.join()}] with size [${size.join()}]`;
    });
    return { shape: [...size], dtype: x!.dtype };
  },
  gradient([x], _output, upstream, { begin, size }) {
    const after = x!.shape.map((length, i) => (isSymbol(length) ? 0 : length - begin[i]! - size[i]!));
    return [pad(upstream, begin, after)];
  },
  onnx(model, [x], { attributes: { begin, size }, inputs }) {
    const axes = begin.map((_, i) => i).filter((i) => size[i] !== inputs[0]!.shape[i]);
    const starts = axes.map((i) => begin[i]!);
    const ends = axes.map((i) => begin[i]! + size[i]!);
    return model.node('Slice', [x!, model.ints(starts), model.ints(ends), model.ints(axes)]);
  },
  tf: (tf, [x], { attributes: { begin, size } }) =>
    tf.slice(
      x!,
      [...begin],
      size.map((length) => (isSymbol(length) ? -1 : length)),
    ),
});

/** The part of `x` that starts at `begin` and is `size` long, one number a dimension. */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  return sameShape(x.shape, size) ? x : apply(sliceOperation, [x], { begin, size });
}

/** `length` elements of dimension `axis` from `begin` on; the other dimensions whole. */
export function sliceAxis(x: Tensor, axis: number, begin: number, length: number): Tensor {
  const at = normalizeAxes([axis], x.shape.length)[0];
  return slice(
    x,
    x.shape.map((_, i) => (i === at ? begin : 0)),
    x.shape.map((whole, i) => (i === at ? length : whole)),
  );
}

const padOperation = defineOperation<{ before: readonly number[]; after: readonly number[] }>({
  name: 'pad',
  infer([x], { before, after }) {
    const fits = x!.shape.every((length, i) => {
      return before[i]! >= 0 && after[i]! >= 0 && (!isSymbol(length) || before[i]! + after[i]! === 0);
    });
    check(fits && before.length === x!.shape.length && after.length === before.length, () => {
      return `Cannot pad ${shapeText(x!.shape)} with [${before.join()}] before and [${after.join()}] after`;
    });
    const shape = x!.shape.map((length, i) => (isSymbol(length) ? length : length + before[i]! + after[i]!));
    return { shape, dtype: x!.dtype };
  },
  gradient: ([x], _output, upstream, { before }) => [slice(upstream, before, x!.shape)],
  onnx: (model, [x], { attributes: { before, after } }) =>
    model.node('Pad', [x!, model.ints([...before, ...after])], { mode: 'constant' }),
  tf: (tf, [x], { attributes: { before, after } }) =>
    tf.pad(
      x!,
      before.map((count, i): [number, number] => [count, after[i]!]),
      0,
    ),
});

/** Surrounds `x` with zeros: `before[i]` and `after[i]` of them along dimension i. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  const nothing = [...before, ...after].every((count) => count === 0);
  return nothing ? x : apply(padOperation, [x], { before: [...before], after: [...after] });
}

const concatOperation = defineOperation<{ axis: number }>({
  name: 'concat',
  infer(xs, { axis }) {
    const first = xs[0]!;
    const shape = [...first.shape];
    check(!xs.some((x) => isSymbol(x.shape[axis]!)), 'Cannot concatenate along a dimension of unknown length');
    shape[axis] = xs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    const fits = xs.every((x) => x.dtype === first.dtype && x.shape.every((n, i) => i === axis || n === shape[i]));
    check(fits && xs.every((x) => x.shape.length === shape.length), () => {
      return `Cannot concatenate ${xs.map((x) => shapeText(x.shape)).join(', ')} along dimension ${axis}`;
    });
    return { shape, dtype: first.dtype };
  },
  gradient(xs, _output, upstream, { axis }) {
    let begin = 0;
    return xs.map((x) => {
      const part = sliceAxis(upstream, axis, begin, x.shape[axis]!);
      begin += x.shape[axis]!;
      return part;
    });
  },
  onnx: (model, names, { attributes }) => model.node('Concat', names, { axis: attributes.axis }),
  tf: (tf, values, { attributes }) => tf.concat([...values], attributes.axis),
});

/** Joins tensors along `axis`; their other dimensions agree. */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  check(xs.length > 0, 'Nothing to concatenate');
  if (xs.length === 1) return xs[0]!;
  return apply(concatOperation, xs, { axis: normalizeAxes([axis], xs[0]!.shape.length)[0]! });
}

const flipOperation = defineOperation<{ axes: readonly number[] }>({
  name: 'flip',
  infer([x], { axes }) {
    check(!axes.some((axis) => isSymbol(x!.shape[axis]!)), 'Cannot flip a dimension of unknown length');
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient: (_inputs, _output, upstream, { axes }) => [flip(upstream, axes)],
  onnx(model, [x], { attributes: { axes } }: ComputedTensor<{ axes: readonly number[] }>) {
    const all = (value: number): string => model.ints(axes.map(() => value));
    return model.node('Slice', [x!, all(-1), all(-(2 ** 31)), model.ints(axes), all(-1)]);
  },
  tf: (tf, [x], { attributes }) => tf.reverse(x!, [...attributes.axes]),
});

/** Reverses the order along `axes`. */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  return apply(flipOperation, [x], { axes: normalizeAxes(axes, x.shape.length) });
}
