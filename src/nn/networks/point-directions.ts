/** Where the trunk's features of a position point, from which angle concentrations are made. */

import { type Graph, type Tensor, graph, input } from '../graph.js';
import { add, div, sub } from '../operations/arithmetic.js';
import { sqrt, square } from '../operations/elementwise.js';
import { mean } from '../operations/reductions.js';
import { sum } from '../operations/sum.js';
import { BATCH } from '../types.js';
import type { Architecture } from './architecture.js';
import { goTrunk, parameterShapes } from './go-resnet.js';

/** Keeps the length of a vector of zeros above 0. */
const EPSILON = 1e-12;

/**
 * The graph from `planes` [N, P, S, S] and `globals` [N, G], with the weights as inputs, to `directions` [N, C]: the mean
 * over the points of the unit vectors of their features. Features are never negative, so all vectors would point much the
 * same way; each channel's mean over the N positions is taken off first.
 */
export function pointDirections(architecture: Architecture): Graph {
  const { size, planes, globals } = architecture;
  const parameters = new Map<string, Tensor>();
  for (const [name, shape] of parameterShapes(architecture)) parameters.set(name, input(name, shape));
  const x = goTrunk(
    architecture,
    (name) => parameters.get(name)!,
    input('planes', [BATCH, planes, size, size]),
    input('globals', [BATCH, globals]),
  );
  const centred = sub(x, mean(x, [0, 2, 3], true));
  const length = sqrt(add(sum(square(centred), [1], true), EPSILON));
  return graph({ directions: mean(div(centred, length), [2, 3]) });
}
