/** The pieces of a transformer put together: one graph from tokens to logits, and one of a whole training step. */

import { type Graph, type Tensor, graph, input } from '../../graph.js';
import { gradients } from '../../gradients.js';
import { gather } from '../../operations/gather.js';
import { linear } from '../../operations/gemm.js';
import type { AdamWOptions } from '../../optimizers/adamw.js';
import type { TransformerConfiguration } from './configuration.js';
import { attend, finish, project, rmsNorm } from './layers.js';
import { nextTokenLoss } from './next-token-loss.js';
import { EMBEDDING, headParameter, LAST_NORM, layerParameter, transformerParameters } from './parameters.js';
import { type TransformerUpdate, updateBy } from './update.js';

/** T, the tokens of all sequences together. */
const TOKENS = -1;

/** Which tokens, each with its place: [T] int64, and twice [T, 1] float32. */
export interface PackedTokens {
  readonly tokens: Tensor;
  /** Place in its sequence, from 0. */
  readonly positions: Tensor;
  /** Number of its sequence; a token sees its own sequence alone. */
  readonly segments: Tensor;
}

/** Logits [T, V]; `parameter` finds a weight by its name in the checkpoint. */
export function transformer(
  configuration: TransformerConfiguration,
  parameter: (name: string) => Tensor,
  { tokens, positions, segments }: PackedTokens,
): Tensor {
  const visibility = {
    queryPositions: positions,
    querySegments: segments,
    keyPositions: positions,
    keySegments: segments,
  };
  let x: Tensor = gather(parameter(EMBEDDING), tokens);
  for (let layer = 0; layer < configuration.layers; layer++) {
    const ofLayer = (name: string): Tensor => parameter(layerParameter(layer, name));
    const queryKeyValue = project(configuration, ofLayer, x, positions);
    x = finish(configuration, ofLayer, x, attend(configuration, queryKeyValue, visibility));
  }
  const normed = rmsNorm(x, parameter(LAST_NORM), configuration.normEpsilon);
  return linear(normed, parameter(headParameter(configuration)));
}

/** The graph from `tokens`, `positions` and `segments` to `logits`; weights are inputs under their names. */
export function transformerGraph(configuration: TransformerConfiguration): Graph {
  return graph({ logits: transformer(configuration, weightInputs(configuration), packedInputs()) });
}

/**
 * One step of AdamW on packed tokens in one graph. Batch: `tokens`, `positions`, `segments`, `targets` [T, 1], `weights`
 * [T, 1], `normaliser` and `learningRate`, both scalar. Reports `loss` and `gradientNorm`.
 *
 * @param clipNorm largest length of the gradient; 0 for no clipping
 */
export function transformerStep(
  configuration: TransformerConfiguration,
  optimizer: AdamWOptions,
  clipNorm = 0,
): TransformerUpdate {
  const shapes = transformerParameters(configuration);
  const parameter = weightInputs(configuration);
  const logits = transformer(configuration, parameter, packedInputs());
  const loss = nextTokenLoss(logits);
  const raw = gradients(
    loss,
    shapes.map(({ name }) => parameter(name)),
  );
  const update = updateBy(
    configuration,
    { optimizer, clipNorm },
    { parameters: shapes.map(({ name }) => parameter(name)), gradients: raw },
  );
  return { graph: graph({ loss, ...update.outputs }), state: update.state };
}

function packedInputs(): PackedTokens {
  return {
    tokens: input('tokens', [TOKENS], 'int64'),
    positions: input('positions', [TOKENS, 1]),
    segments: input('segments', [TOKENS, 1]),
  };
}

function weightInputs(configuration: TransformerConfiguration): (name: string) => Tensor {
  const inputs = new Map(transformerParameters(configuration).map(({ name, shape }) => [name, input(name, shape)]));
  return (name) => inputs.get(name)!;
}
