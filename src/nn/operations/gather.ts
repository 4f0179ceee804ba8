/** Rows of a table picked by index (embeddings), and its gradient: rows added up by index. */

import { check } from '../../core/errors.js';
import { type Tensor, apply, constant, defineOperation } from '../graph.js';
import { isSymbol, sameShape, shapeText, sizeOf } from '../types.js';
import { add } from './arithmetic.js';
import { reshape } from './shape.js';

const gatherOperation = defineOperation<null>({
  name: 'gather',
  infer([table, indices]) {
    check(indices!.dtype === 'int64', `gather needs int64 indices, not ${indices!.dtype}`);
    check(table!.shape.length > 0 && !isSymbol(table!.shape[0]!), 'gather needs a table with a known number of rows');
    return { shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: table!.dtype };
  },
  gradient: ([table, indices], _output, upstream) => [scatterAdd(upstream, indices!, table!.shape[0]!), undefined],
  onnx: (model, names) => model.node('Gather', names, { axis: 0 }),
  tf: (tf, [table, indices]) => tf.gather(table!, indices!, 0),
});

/** `result[i…] = table[indices[i…]]`, a whole row of the table for each index. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  return apply(gatherOperation, [table, indices], null);
}

const scatterAddOperation = defineOperation<{ rows: number }>({
  name: 'scatterAdd',
  infer([values, indices, total], { rows }) {
    check(indices!.dtype === 'int64', `scatterAdd needs int64 indices, not ${indices!.dtype}`);
    check(indices!.shape.length === 1, 'scatterAdd needs a flat list of indices');
    check(values!.shape[0] === indices!.shape[0], 'scatterAdd needs one index for each row');
    const shape = [rows, ...values!.shape.slice(1)];
    check(total === undefined || sameShape(total.shape, shape), () => {
      return `Cannot add rows of shape ${shapeText(shape)} to ${shapeText(total!.shape)}`;
    });
    return { shape, dtype: values!.dtype };
  },
  gradient([, indices, total], _output, upstream) {
    const parts = [gather(upstream, indices!), undefined];
    return total === undefined ? parts : [...parts, upstream];
  },
  onnx(model, [values, indices, total], { shape }) {
    const from = total ?? model.node('Expand', [model.float(0), model.ints(shape)]);
    const positions = model.node('Unsqueeze', [indices!, model.ints([1])]);
    return model.node('ScatterND', [from, positions, values!], { reduction: 'add' });
  },
  tf(tf, [values, indices, total], { attributes }) {
    const sums = tf.unsortedSegmentSum(values!, indices!, attributes.rows);
    return total === undefined ? sums : tf.add(total, sums);
  },
});

/** `result[indices[i…]] += values[i…]`, from zeros with `rows` rows. */
export function scatterAdd(values: Tensor, indices: Tensor, rows: number): Tensor {
  const dimensions = indices.shape.length;
  if (dimensions === 1) return apply(scatterAddOperation, [values, indices], { rows });
  const count = sizeOf(indices.shape);
  check(!indices.shape.some(isSymbol), 'scatterAdd of more than one dimension of indices needs concrete lengths');
  const flat = reshape(values, [count, ...values.shape.slice(dimensions)]);
  return apply(scatterAddOperation, [flat, reshape(indices, [count])], { rows });
}

/** `total + x`; rows picked by index are added where they belong, without a table of zeros for the others. */
export function addRows(total: Tensor, x: Tensor): Tensor {
  if (x.kind !== 'computed' || x.operation.name !== 'scatterAdd' || x.inputs.length > 2) return add(total, x);
  return apply(scatterAddOperation, [...x.inputs, total], x.attributes as { rows: number });
}

/** Whole numbers as a flat int64 constant. */
export function indexConstant(values: readonly number[]): Tensor {
  return constant(BigInt64Array.from(values.map(BigInt)));
}
