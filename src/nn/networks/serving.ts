/** The form in which a Go model is served: one graph for a board size, with its weights as constants. */

import { type Graph, type Tensor, constant, graph, input } from '../graph.js';
import type { Model, Weights } from '../model-file.js';
import { lowerToOnnx } from '../onnx/lower.js';
import { softmax } from '../operations/softmax.js';
import { BATCH } from '../types.js';
import { type GoArchitecture, boardsOf, goOutputs, parameterInputs } from './go-network.js';
import { katagoNetwork } from './katago/network.js';
import { isTabulated } from './katago/rotary.js';
import { servedOutputs } from './katago/outputs.js';

/**
 * The graph that serves a network. N, the number of positions, is free; P planes, G globals, S the board side.
 *
 * Inputs `planes` [N, P, S, S], `globals` [N, G]. Outputs, for the side to move: `policy` [N, S² + 1] logits with pass
 * last, `value` [N, 3] probabilities of win, draw, loss, `score` [N, 1] points, `ownership` [N, S²] in [−1, 1]. Networks
 * that say so also give `scoreStdev` and `lead` [N, 1] points, and `errors` [N, 3] (networks/katago/outputs.ts). The
 * weights are inputs too, to be made constant with `servingConstants`.
 *
 * @param size S, of the boards that the network plays; the largest if not given
 * @param weights if given, tables that follow from weights and size alone are made here, once and in double precision
 */
export function servingGraph(
  architecture: GoArchitecture,
  size: number = boardsOf(architecture)[1],
  weights?: Weights,
): Graph {
  const parameters = parameterInputs(architecture);
  const parameter = (name: string): Tensor => {
    const known = isTabulated(name) ? weights?.get(name) : undefined;
    return known === undefined ? parameters.get(name)! : constant(known.data, known.shape);
  };
  const planes = input('planes', [BATCH, architecture.planes, size, size]);
  const globals = input('globals', [BATCH, architecture.globals]);
  if (architecture.kind === 'katago') {
    return graph(servedOutputs(architecture, katagoNetwork(architecture, parameter, planes, globals), globals));
  }
  const { policy, value, score, ownership } = goOutputs(architecture, parameter, planes, globals);
  return graph({ policy, value: softmax(value, 1), score, ownership });
}

/** The weights of `model` as constants of its serving graph. */
export function servingConstants({ weights }: Pick<Model, 'weights'>): Map<string, Float32Array> {
  return new Map([...weights].map(([name, { data }]) => [name, data]));
}

/** The serving graph of `model` for its largest board, with its weights, as one ONNX model. */
export function servingModel(model: Pick<Model, 'architecture' | 'weights'>): Uint8Array {
  return lowerToOnnx(servingGraph(model.architecture), { constants: servingConstants(model) });
}
