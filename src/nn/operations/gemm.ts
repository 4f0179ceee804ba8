/** Products of two matrices, either of them read as its transpose without being copied, with something added. */

import { check } from '../../core/errors.js';
import { type Tensor, apply, defineOperation } from '../graph.js';
import { type TensorType, sameShape, shapeText } from '../types.js';
import { addRows } from './gather.js';
import { sumTo } from './sum.js';

/** Which operands are read as their transposes. */
export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

interface GemmAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const gemmOperation = defineOperation<GemmAttributes>({
  name: 'gemm',
  infer([a, b, c], { transposeA, transposeB }) {
    const [rows, inner] = turned(a!, transposeA);
    const [other, columns] = turned(b!, transposeB);
    const fits = a!.shape.length === 2 && b!.shape.length === 2 && inner === other;
    check(fits, () => `Cannot multiply matrices of shapes ${shapeText(a!.shape)} and ${shapeText(b!.shape)}`);
    const shape = [rows!, columns!];
    const addable = c === undefined || sameShape(c.shape, shape) || sameShape(c.shape, [columns!]);
    check(addable, () => `Cannot add ${shapeText(c!.shape)} to a product of shape ${shapeText(shape)}`);
    return { shape, dtype: 'float32' };
  },
  gradient([a, b, c], _output, upstream, { transposeA, transposeB }) {
    const da = transposeA
      ? gemm(b!, upstream, { transposeA: transposeB, transposeB: true })
      : gemm(upstream, b!, { transposeB: !transposeB });
    const db = transposeB
      ? gemm(upstream, a!, { transposeA: true, transposeB: transposeA })
      : gemm(a!, upstream, { transposeA: !transposeA });
    return c === undefined ? [da, db] : [da, db, sumTo(upstream, c.shape)];
  },
  onnx: (model, names, { attributes: { transposeA, transposeB } }) =>
    model.node('Gemm', names, { transA: Number(transposeA), transB: Number(transposeB) }),
  tf(tf, [a, b, c], { attributes: { transposeA, transposeB } }) {
    const product = tf.matMul(a!, b!, transposeA, transposeB);
    return c === undefined ? product : tf.add(product, c);
  },
});

/** `A B + c` for matrices A [n, k] and B [k, m], or their transposes; `c` is [n, m], or [m] for every row. */
export function gemm(a: Tensor, b: Tensor, options: GemmOptions = {}, c?: Tensor): Tensor {
  const { transposeA = false, transposeB = false } = options;
  return apply(gemmOperation, c === undefined ? [a, b] : [a, b, c], { transposeA, transposeB });
}

/** `x Wᵀ + bias`: a linear layer with its weight as checkpoints keep it, [out, in]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return gemm(x, weight, { transposeB: true }, bias);
}

/** `total + x`; a product, or rows picked by index, are added while they are computed. */
export function accumulate(total: Tensor, x: Tensor): Tensor {
  if (x.kind !== 'computed' || x.operation.name !== 'gemm' || x.inputs.length > 2) return addRows(total, x);
  return gemm(x.inputs[0]!, x.inputs[1]!, x.attributes as GemmAttributes, total);
}

function turned({ shape }: TensorType, transposed: boolean): readonly (number | undefined)[] {
  return transposed ? [shape[1], shape[0]] : [shape[0], shape[1]];
}
