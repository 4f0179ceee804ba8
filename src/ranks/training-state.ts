/**
 * The weights and the optimizer's moments of a training, in memory that all ranks share. There are two copies that take
 * turns: a step reads one and writes the other, and counts only once every rank has written its share. Until then
 * nothing has happened, whoever dies.
 */

import { AppError, check } from '../core/errors.js';
import type { Weights } from '../nn/model-file.js';

/** Where a parameter lies in the flat arrays. */
export interface LaidParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** First element. */
  readonly offset: number;
  readonly length: number;
  /** Whether weight decay applies: to matrices, not to gains and biases. */
  readonly decays: boolean;
}

/** All parameters in the order of their names, without gaps. */
export interface ParameterLayout {
  readonly parameters: readonly LaidParameter[];
  readonly length: number;
}

/** Lays parameters out. */
export function layOut(shapes: ReadonlyMap<string, readonly number[]>): ParameterLayout {
  let length = 0;
  const names = [...shapes.keys()].sort((a, b) => (a < b ? -1 : 1));
  const parameters = names.map((name) => {
    const shape = shapes.get(name)!;
    const size = shape.reduce((product, n) => product * n, 1);
    const parameter = { name, shape, offset: length, length: size, decays: shape.length > 1 };
    length += size;
    return parameter;
  });
  return { parameters, length };
}

/** Shared buffers; plain data for worker threads. Each holds two copies of `layout.length` floats. */
export interface StateMemory {
  readonly layout: ParameterLayout;
  readonly weights: SharedArrayBuffer;
  readonly mean: SharedArrayBuffer;
  readonly square: SharedArrayBuffer;
}

/** Flat views of one copy. */
export interface StateCopy {
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

/** One of the two copies: that of step `step` is number `step % 2`. */
export function copyOfStep({ layout, weights, mean, square }: StateMemory, step: number): StateCopy {
  const at = (step % 2) * layout.length * 4;
  const view = (buffer: SharedArrayBuffer): Float32Array => new Float32Array(buffer, at, layout.length);
  return { weights: view(weights), mean: view(mean), square: view(square) };
}

/** Names of the moments in a checkpoint. */
const moments = { mean: 'adam:mean:', square: 'adam:square:' } as const;

/**
 * Allocates the state and fills the copy of `step`; moments that are not given are zeros.
 *
 * @param tensors parameters by name, and moments as `exportState` gives them
 * @throws AppError 'invalid-argument' if a parameter is missing or has another size
 */
export function makeStateMemory(layout: ParameterLayout, step: number, tensors: Weights): StateMemory {
  const buffer = (): SharedArrayBuffer => new SharedArrayBuffer(2 * 4 * layout.length);
  const memory = { layout, weights: buffer(), mean: buffer(), square: buffer() };
  const copy = copyOfStep(memory, step);
  for (const { name, offset, length } of layout.parameters) {
    const fill = (flat: Float32Array, key: string, isNeeded: boolean): void => {
      const given = tensors.get(key);
      if (given === undefined) {
        if (isNeeded) throw new AppError('invalid-argument', `Parameter '${name}' is missing`);
        return;
      }
      check(given.data.length === length, `Tensor '${key}' has ${given.data.length} values; ${length} are wanted`);
      flat.set(given.data, offset);
    };
    fill(copy.weights, name, true);
    fill(copy.mean, moments.mean + name, false);
    fill(copy.square, moments.square + name, false);
  }
  return memory;
}

/** The weights of `step` by name, copied. */
export function exportWeights(memory: StateMemory, step: number): Weights {
  return namedCopies(memory.layout, copyOfStep(memory, step).weights, '');
}

/** Everything that the step after `step` depends on, copied: weights under their names, moments under 'adam:…'. */
export function exportState(memory: StateMemory, step: number): Weights {
  const { weights, mean, square } = copyOfStep(memory, step);
  return new Map([
    ...namedCopies(memory.layout, weights, ''),
    ...namedCopies(memory.layout, mean, moments.mean),
    ...namedCopies(memory.layout, square, moments.square),
  ]);
}

function namedCopies({ parameters }: ParameterLayout, flat: Float32Array, prefix: string) {
  return new Map(
    parameters.map(({ name, shape, offset, length }) => [
      prefix + name,
      { shape, data: Float32Array.from(flat.subarray(offset, offset + length)) },
    ]),
  );
}
