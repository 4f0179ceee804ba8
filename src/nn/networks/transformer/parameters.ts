/** The parameters of a transformer, under the names of Hugging Face's checkpoints. Matrices are [out, in]. */

import type { Rng } from '../../../core/rng.js';
import { sizeOf } from '../../types.js';
import type { TransformerConfiguration } from './configuration.js';

/** One parameter, or one that every layer has. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The name of the embedding's weights. */
export const EMBEDDING = 'model.embed_tokens.weight';
/** The name of the last norm's weights. */
export const LAST_NORM = 'model.norm.weight';

/** The name of a layer's parameter in a checkpoint. */
export function layerParameter(layer: number, name: string): string {
  return `model.layers.${layer}.${name}`;
}

/** The name of the head's weights: the embedding's if it is tied. */
export function headParameter({ tiedHead }: TransformerConfiguration): string {
  return tiedHead ? EMBEDDING : 'lm_head.weight';
}

/** Parameters of a layer that come before its attention, without the layer's prefix. */
export function projectParameters(configuration: TransformerConfiguration): ParameterShape[] {
  const { hidden, heads, keyValueHeads, headWidth, queryKeyValueBias } = configuration;
  const parts = { q: heads * headWidth, k: keyValueHeads * headWidth, v: keyValueHeads * headWidth };
  return [
    { name: 'input_layernorm.weight', shape: [hidden] },
    ...Object.entries(parts).flatMap(([part, width]) => [
      { name: `self_attn.${part}_proj.weight`, shape: [width, hidden] },
      ...(queryKeyValueBias ? [{ name: `self_attn.${part}_proj.bias`, shape: [width] }] : []),
    ]),
  ];
}

/** Parameters of a layer that come after its attention. */
export function finishParameters(configuration: TransformerConfiguration): ParameterShape[] {
  const { hidden, heads, headWidth, intermediate } = configuration;
  return [
    { name: 'self_attn.o_proj.weight', shape: [hidden, heads * headWidth] },
    { name: 'post_attention_layernorm.weight', shape: [hidden] },
    { name: 'mlp.gate_proj.weight', shape: [intermediate, hidden] },
    { name: 'mlp.up_proj.weight', shape: [intermediate, hidden] },
    { name: 'mlp.down_proj.weight', shape: [hidden, intermediate] },
  ];
}

/** Parameters of the last norm and the head. */
export function headParameters(configuration: TransformerConfiguration): ParameterShape[] {
  const { hidden, vocabulary } = configuration;
  return [
    { name: LAST_NORM, shape: [hidden] },
    { name: headParameter(configuration), shape: [vocabulary, hidden] },
  ];
}

/** Every parameter in a fixed order. */
export function transformerParameters(configuration: TransformerConfiguration): ParameterShape[] {
  const { layers, hidden, vocabulary, tiedHead } = configuration;
  const layer = [...projectParameters(configuration), ...finishParameters(configuration)];
  const [norm, head] = headParameters(configuration);
  return [
    { name: EMBEDDING, shape: [vocabulary, hidden] },
    ...Array.from({ length: layers }, (_, i) =>
      layer.map(({ name, shape }) => ({ name: layerParameter(i, name), shape })),
    ).flat(),
    norm!,
    ...(tiedHead ? [] : [head!]),
  ];
}

/** Whether weight decay applies: to matrices, not to norms and biases. */
export function decays({ shape }: ParameterShape): boolean {
  return shape.length > 1;
}

/**
 * Random weights of a new network: normal with deviation 0.02, the projections back into the residual stream divided by
 * √(2 · layers) (Radford et al. 2019, section 2.3); norms start at one and biases at zero.
 */
export function initialTransformer(
  configuration: TransformerConfiguration,
  rng: Rng,
): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  const shrink = 1 / Math.sqrt(2 * configuration.layers);
  return new Map(
    transformerParameters(configuration).map(({ name, shape }) => {
      const data = new Float32Array(sizeOf(shape));
      if (name.endsWith('norm.weight')) data.fill(1);
      else if (shape.length > 1) {
        const back = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
        const deviation = back ? 0.02 * shrink : 0.02;
        for (let i = 0; i < data.length; i++) data[i] = deviation * rng.normal();
      }
      return [name, { shape, data }];
    }),
  );
}
