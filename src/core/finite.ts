/** Ends work whose numbers have ceased to be numbers, before anything is kept of it. */

import { AppError } from './errors.js';

type Tensors = Iterable<readonly [string, { readonly data: ArrayLike<number | bigint> }]>;

/** The first tensor with a value that is NaN or infinite. */
export function firstNotFinite(tensors: Tensors): string | undefined {
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array)) continue;
    // By index: an iterator over millions of numbers is many times slower. What is not finite minus itself is NaN.
    for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) return name;
  }
  return undefined;
}

/**
 * Checks the figures of a step.
 *
 * @param figures by name; all of them must be finite
 * @param tensors what the step left, asked for only if a figure is not finite
 * @throws AppError 'failed-precondition' naming the step, the figure, and the first tensor that is not finite
 */
export async function checkStep(
  step: number,
  figures: Readonly<Record<string, number>>,
  tensors: () => Tensors | Promise<Tensors>,
): Promise<void> {
  const found = Object.entries(figures).find(([, value]) => !Number.isFinite(value));
  if (!found) return;
  const [name, value] = found;
  const tensor = firstNotFinite(await tensors());
  throw new AppError(
    'failed-precondition',
    `'${name}' of step ${step} is ${value}; the first tensor that is not finite is '${tensor ?? name}'. ` +
      'Nothing is kept of the step; lower the learning rate, or look at the data',
  );
}
