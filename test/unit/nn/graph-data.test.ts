import { describe, expect, it } from 'vitest';

import { gradients } from '../../../src/nn/gradients.js';
import { graphData, graphOf } from '../../../src/nn/graph-data.js';
import { apply, constant, defineOperation, graph, input, next, operationNamed } from '../../../src/nn/graph.js';
import { lowerToOnnx } from '../../../src/nn/onnx/lower.js';
import { add, mul, sub } from '../../../src/nn/operations/arithmetic.js';
import { matMul } from '../../../src/nn/operations/matmul.js';
import { mean } from '../../../src/nn/operations/reductions.js';
import { reshape } from '../../../src/nn/operations/shape.js';

const weight = input('w', [3, 2]);
const x = input('x', [4, 3]);
const bias = constant(Float32Array.of(1, 2), [1, 2]);
const loss = mean(reshape(mul(add(matMul(x, weight), bias), add(matMul(x, weight), bias)), [4, 2]));
const step = graph({ loss, [next('w')]: sub(weight, gradients(loss, [weight])[0]!) });

describe('a graph as plain data', () => {
  it('becomes the same program again after it was copied as threads copy', () => {
    const again = graphOf(structuredClone(graphData(step)));
    expect([...again.inputs.keys()]).toEqual([...step.inputs.keys()]);
    expect(again.order).toHaveLength(step.order.length);
    expect(Buffer.from(lowerToOnnx(again))).toEqual(Buffer.from(lowerToOnnx(step)));
  });

  it('needs operations with names of their own', () => {
    const known = operationNamed('add');
    expect(() => defineOperation(known)).toThrow("one operation is called 'add'");
    expect(() => operationNamed('addd')).toThrow("there is an operation 'addd'");
    expect(apply(known, [x, 1], null).operation).toBe(known);
  });
});
