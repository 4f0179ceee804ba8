import { expect, test } from 'vitest';
import { checkStep, firstNotFinite } from '../../../src/core/finite.js';

const tensors = [
  ['a', { data: Float32Array.of(1, -2) }],
  ['b', { data: Float32Array.of(0, Infinity) }],
  ['c', { data: Float32Array.of(NaN) }],
] as const;

test('the first tensor with a value that is not finite is found', () => {
  expect(firstNotFinite(tensors)).toBe('b');
  expect(firstNotFinite(tensors.slice(0, 1))).toBeUndefined();
});

test('a step whose figures are finite passes, and no tensor is asked for', async () => {
  await checkStep(3, { loss: 1, gradientNorm: 0 }, () => Promise.reject(new Error('asked')));
});

test('a step with a figure that is not is refused with the step, the figure and the tensor', async () => {
  const refused = checkStep(3, { loss: 1, gradientNorm: -Infinity }, () => tensors);
  await expect(refused).rejects.toMatchObject({ kind: 'failed-precondition' });
  await expect(refused).rejects.toThrow(
    "'gradientNorm' of step 3 is -Infinity; the first tensor that is not finite is 'b'",
  );
  await expect(checkStep(3, { loss: NaN }, () => [])).rejects.toThrow("is 'loss'");
});
