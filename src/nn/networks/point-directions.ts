/** Where the trunk's features of a position point, from which angle concentrations are made. */

import { type Graph, graph, input } from '../graph.js';
import { add, div, sub } from '../operations/arithmetic.js';
import { sqrt, square } from '../operations/elementwise.js';
import { mean } from '../operations/reductions.js';
import { sum } from '../operations/sum.js';
import { BATCH } from '../types.js';
import { type GoArchitecture, goFeatures, parameterInputs } from './go-network.js';

/** Keeps the length of a vector of zeros above 0. */
const EPSILON = 1e-12;

/**
 * The graph from `planes` [N, P, S, S] and `globals` [N, G], with the weights as inputs, to `directions` [N, C]: the mean
 * over the points of the unit vectors of their features. Features are never negative, so all vectors would point much the
 * same way; each channel's mean over the N positions is taken off first.
 *
 * @param size S, of the boards that the network plays
 */
export function pointDirections(architecture: GoArchitecture, size: number): Graph {
  const { planes, globals } = architecture;
  const parameters = parameterInputs(architecture);
  const x = goFeatures(
    architecture,
    (name) => parameters.get(name)!,
    input('planes', [BATCH, planes, size, size]),
    input('globals', [BATCH, globals]),
  );
  const centred = sub(x, mean(x, [0, 2, 3], true));
  const length = sqrt(add(sum(square(centred), [1], true), EPSILON));
  return graph({ directions: mean(div(centred, length), [2, 3]) });
}
