/** The form in which a Go model is served: one graph with its weights as constants. */

import { type Graph, type Tensor, graph, input } from '../graph.js';
import type { Model } from '../model-file.js';
import { lowerToOnnx } from '../onnx/lower.js';
import { softmax } from '../operations/softmax.js';
import { BATCH } from '../types.js';
import type { Architecture } from './architecture.js';
import { goResnet, parameterShapes } from './go-resnet.js';

/**
 * The graph that serves a network. N, the number of positions, is free; P planes, G globals, S the board side.
 *
 * Inputs `planes` [N, P, S, S], `globals` [N, G]. Outputs, for the side to move: `policy` [N, S² + 1] logits with pass
 * last, `value` [N, 3] probabilities of win, draw, loss, `score` [N, 1] points, `ownership` [N, S²] in [−1, 1]. The
 * weights are inputs too, to be made constant with `servingConstants`.
 */
export function servingGraph(architecture: Architecture): Graph {
  const { size, planes, globals } = architecture;
  const parameters = new Map<string, Tensor>();
  for (const [name, shape] of parameterShapes(architecture)) parameters.set(name, input(name, shape));
  const outputs = goResnet(
    architecture,
    (name) => parameters.get(name)!,
    input('planes', [BATCH, planes, size, size]),
    input('globals', [BATCH, globals]),
  );
  return graph({
    policy: outputs.policy,
    value: softmax(outputs.value, 1),
    score: outputs.score,
    ownership: outputs.ownership,
  });
}

/** The weights of `model` as constants of its serving graph. */
export function servingConstants({ weights }: Pick<Model, 'weights'>): Map<string, Float32Array> {
  return new Map([...weights].map(([name, { data }]) => [name, data]));
}

/** The serving graph of `model` with its weights as one ONNX model. */
export function servingModel(model: Pick<Model, 'architecture' | 'weights'>): Uint8Array {
  return lowerToOnnx(servingGraph(model.architecture), { constants: servingConstants(model) });
}
