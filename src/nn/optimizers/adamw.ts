/** AdamW (Loshchilov & Hutter, ICLR 2019, algorithm 2), with PyTorch's place for ε. */

import type { Tensor } from '../graph.js';
import { add, div, mul, sub } from '../operations/arithmetic.js';
import { sqrt, square } from '../operations/elementwise.js';
import { type Optimizer, decayed } from './optimizer.js';

export interface AdamWOptions {
  readonly kind: 'adamw';
  /** Decay of the mean of the gradient; 0.9 unless given. */
  readonly beta1?: number;
  /** Decay of the mean of its square; 0.999 unless given. */
  readonly beta2?: number;
  /** 1e-8 unless given. */
  readonly epsilon?: number;
  /** Decoupled from the gradient; 0 unless given. */
  readonly weightDecay?: number;
}

/** Builds the optimizer; state: two moments for each parameter, and the powers β₁ᵗ and β₂ᵗ of the bias correction. */
export function adamW({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamWOptions): Optimizer {
  return (parameters, learningRate, states) => {
    const power = (name: string, beta: number): Tensor =>
      states.advance({ name, shape: [], initial: 1 }, (present) => mul(present, beta));
    // lr · m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ): the scalars are put together once for all parameters.
    const rate = div(learningRate, sub(1, power('adam:beta1Power', beta1)));
    const rootCorrection = sqrt(sub(1, power('adam:beta2Power', beta2)));
    return new Map(
      parameters.map((parameter) => {
        const { name, value, gradient } = parameter;
        const mean = states.advance({ name: `adam:mean:${name}`, shape: value.shape, initial: 0 }, (present) =>
          add(mul(present, beta1), mul(gradient, 1 - beta1)),
        );
        const variance = states.advance({ name: `adam:square:${name}`, shape: value.shape, initial: 0 }, (present) =>
          add(mul(present, beta2), mul(square(gradient), 1 - beta2)),
        );
        const scale = add(div(sqrt(variance), rootCorrection), epsilon);
        return [name, sub(decayed(parameter, learningRate, weightDecay), mul(rate, div(mean, scale)))];
      }),
    );
  };
}
