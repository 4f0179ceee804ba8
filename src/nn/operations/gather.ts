/** Rows of a table picked by index (embeddings), and its gradient: rows added up by index. */

import { check } from '../../core/errors.js';
import { type Operation, type Tensor, apply, constant } from '../graph.js';
import { isSymbol, sizeOf } from '../types.js';
import { reshape } from './shape.js';

const gatherOperation: Operation<null> = {
  name: 'gather',
  infer([table, indices]) {
    check(indices!.dtype === 'int64', `gather needs int64 indices, not ${indices!.dtype}`);
    check(table!.shape.length > 0 && !isSymbol(table!.shape[0]!), 'gather needs a table with a known number of rows');
    return { shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: table!.dtype };
  },
  gradient: ([table, indices], _output, upstream) => [scatterAdd(upstream, indices!, table!.shape[0]!), undefined],
  onnx: (model, names) => model.node('Gather', names, { axis: 0 }),
  tf: (tf, [table, indices]) => tf.gather(table!, indices!, 0),
};

/** `result[i…] = table[indices[i…]]`, a whole row of the table for each index. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  return apply(gatherOperation, [table, indices], null);
}

const scatterAddOperation: Operation<{ rows: number }> = {
  name: 'scatterAdd',
  infer([values, indices], { rows }) {
    check(indices!.dtype === 'int64', `scatterAdd needs int64 indices, not ${indices!.dtype}`);
    check(indices!.shape.length === 1, 'scatterAdd needs a flat list of indices');
    check(values!.shape[0] === indices!.shape[0], 'scatterAdd needs one index for each row');
    return { shape: [rows, ...values!.shape.slice(1)], dtype: values!.dtype };
  },
  gradient: ([, indices], _output, upstream) => [gather(upstream, indices!), undefined],
  onnx(model, [values, indices], { shape }) {
    const zeros = model.node('Expand', [model.float(0), model.ints(shape)]);
    const positions = model.node('Unsqueeze', [indices!, model.ints([1])]);
    return model.node('ScatterND', [zeros, positions, values!], { reduction: 'add' });
  },
  tf: (tf, [values, indices], { attributes }) => tf.unsortedSegmentSum(values!, indices!, attributes.rows),
};

/** `result[indices[i…]] += values[i…]`, from zeros with `rows` rows. */
export function scatterAdd(values: Tensor, indices: Tensor, rows: number): Tensor {
  const rank = indices.shape.length;
  if (rank === 1) return apply(scatterAddOperation, [values, indices], { rows });
  const count = sizeOf(indices.shape);
  check(!indices.shape.some(isSymbol), 'scatterAdd of more than one dimension of indices needs concrete lengths');
  const flat = reshape(values, [count, ...values.shape.slice(rank)]);
  return apply(scatterAddOperation, [flat, reshape(indices, [count])], { rows });
}

/** Whole numbers as a flat int64 constant. */
export function indexConstant(values: readonly number[]): Tensor {
  return constant(BigInt64Array.from(values.map(BigInt)));
}
