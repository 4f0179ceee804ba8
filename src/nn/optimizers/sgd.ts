/** Stochastic gradient descent with momentum, as PyTorch writes it: m ← µ·m + g; w ← w − lr·m. */

import { add, mul, sub } from '../operations/arithmetic.js';
import { type Optimizer, decayed } from './optimizer.js';

export interface SgdOptions {
  readonly kind: 'sgd';
  /** µ; 0.9 unless given. */
  readonly momentum?: number;
  /** Looks one step ahead: w ← w − lr·(g + µ·m) (Sutskever et al., ICML 2013). */
  readonly nesterov?: boolean;
  /** Decoupled from the gradient; 0 unless given. */
  readonly weightDecay?: number;
}

/** Builds the optimizer; state: one momentum for each parameter. */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions): Optimizer {
  return (parameters, learningRate, states) =>
    new Map(
      parameters.map((parameter) => {
        const { name, value, gradient } = parameter;
        const velocity = states.advance({ name: `momentum:${name}`, shape: value.shape, initial: 0 }, (present) =>
          add(mul(present, momentum), gradient),
        );
        const direction = nesterov ? add(gradient, mul(velocity, momentum)) : velocity;
        return [name, sub(decayed(parameter, learningRate, weightDecay), mul(direction, learningRate))];
      }),
    );
}
