/**
 * Optimizers as graphs: an update is ordinary tensors from the present parameters, gradients and state to the next
 * ones, so it is part of the one graph that a training step is.
 */

import { type Tensor, input } from '../graph.js';
import { mul, sub } from '../operations/arithmetic.js';
import type { Shape } from '../types.js';

/** A parameter at the moment of its update. */
export interface Trainable {
  readonly name: string;
  readonly value: Tensor;
  /** Same shape as `value`. */
  readonly gradient: Tensor;
  /** Whether weight decay applies: to matrices and filters, not to biases; for several parameters in one, 1 or 0 a number. */
  readonly decays: boolean | Tensor;
}

/** A value that training keeps from step to step beside the parameters. */
export interface StateTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Every element's value before the first step, or the name of the parameter it starts as a copy of. */
  readonly initial: number | { readonly copyOf: string };
}

/** Builds the update of all parameters; returns their new values by name. `learningRate` is a scalar. */
export type Optimizer = (
  parameters: readonly Trainable[],
  learningRate: Tensor,
  states: States,
) => ReadonlyMap<string, Tensor>;

/** The state that a training step declares while it is built. */
export class States {
  readonly declared: StateTensor[] = [];
  /** New values by name. */
  readonly next = new Map<string, Tensor>();

  /** Declares a state tensor, whose value in the next step is `follow` of its present one; returns that next value. */
  advance(state: StateTensor, follow: (present: Tensor) => Tensor): Tensor {
    const following = follow(input(state.name, state.shape));
    this.declared.push(state);
    this.next.set(state.name, following);
    return following;
  }
}

/**
 * A parameter after weight decay, apart from the gradient: w · (1 − lr · decay) (Loshchilov & Hutter, "Decoupled Weight
 * Decay Regularization", ICLR 2019).
 */
export function decayed({ value, decays }: Trainable, learningRate: Tensor, weightDecay: number): Tensor {
  if (decays === false || weightDecay === 0) return value;
  const share = mul(learningRate, weightDecay);
  return mul(value, sub(1, decays === true ? share : mul(share, decays)));
}
