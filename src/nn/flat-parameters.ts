/**
 * All parameters of a network in one vector, one after another. What an optimizer does to every number alike is then a few
 * operations on long vectors instead of a dozen for each of a hundred small tensors.
 */

import { check } from '../core/errors.js';
import { type InputTensor, type Tensor, constant, input } from './graph.js';
import { concat, reshape, slice } from './operations/shape.js';
import { type Shape, type TensorData, sizeOf } from './types.js';

export interface ParameterShape {
  readonly name: string;
  readonly shape: Shape;
}

/** The vector's name in a state; what belongs to the parameters has this name behind a prefix, such as `average:`. */
export const VECTOR = 'weights';

/** Where each parameter lies. */
export class FlatParameters {
  /** [n], the state that a step reads. */
  readonly vector: InputTensor;
  /** The parameters by name, as parts of the vector. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #places: ReadonlyMap<string, { readonly shape: Shape; readonly begin: number; readonly size: number }>;

  constructor(parameters: readonly ParameterShape[]) {
    let length = 0;
    this.#places = new Map(
      parameters.map(({ name, shape }) => {
        const size = sizeOf(shape);
        length += size;
        return [name, { shape, begin: length - size, size }];
      }),
    );
    this.vector = input(VECTOR, [length]);
    this.tensors = new Map(
      [...this.#places].map(([name, { shape, begin, size }]) => [
        name,
        reshape(slice(this.vector, [begin], [size]), shape),
      ]),
    );
  }

  /** Tensors of the parameters' shapes, in their order, as one vector. */
  join(tensors: readonly Tensor[]): Tensor {
    return concat(
      tensors.map((tensor) => reshape(tensor, [sizeOf(tensor.shape)])),
      0,
    );
  }

  /** The vector that is 1 for the parameters of which `test` is true, and else 0. */
  mask(test: (shape: Shape) => boolean): Tensor {
    const values = new Float32Array(this.vector.shape[0]!);
    for (const { shape, begin, size } of this.#places.values()) {
      if (test(shape)) values.fill(1, begin, begin + size);
    }
    return constant(values);
  }

  /**
   * One vector from tensors that are called as the parameters are, behind `prefix`.
   *
   * @throws AppError 'invalid-argument' if one is missing, or is of another size
   */
  pack(named: ReadonlyMap<string, TensorData>, prefix = ''): TensorData {
    const data = new Float32Array(this.vector.shape[0]!);
    for (const [name, { begin, size }] of this.#places) {
      const found = named.get(prefix + name)?.data;
      check(found instanceof Float32Array, () => `The state '${prefix}${name}' is missing`);
      check(
        found.length === size,
        () => `The state '${prefix}${name}' has ${found.length} numbers; it must have ${size}`,
      );
      data.set(found, begin);
    }
    return { shape: this.vector.shape, data };
  }

  /** The parts of a vector by the parameters' names behind `prefix`; copies. */
  unpack({ data }: TensorData, prefix = ''): [string, TensorData][] {
    return [...this.#places].map(([name, { shape, begin, size }]) => {
      return [prefix + name, { shape, data: data.slice(begin, begin + size) }];
    });
  }
}
