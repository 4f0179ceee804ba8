/** What a network is trained for, as growing needs to know it: a loss and batches. */

import type { NamedTensors } from '../../engine/engine.js';
import type { Tensor } from '../../nn/graph.js';

/** The networks' own task. Batches fit networks of every size. */
export interface Task<A> {
  /** The loss of a batch, a scalar; declares the batch's inputs. `parameter` finds a weight by its name. */
  lossOf(architecture: A, parameter: (name: string) => Tensor): Tensor;
  /** The batch of a step, from 0: the same whenever it is asked for. */
  batch(step: number): NamedTensors;
  /** Batches that no step has. */
  readonly heldOut: readonly NamedTensors[];
}
