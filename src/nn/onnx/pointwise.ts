/** Pointwise operations on blocked images: they stay in blocks, so a tower of layers is never converted in between. */

import type { ComputedTensor, LaidOut, Layouts, Tensor } from '../graph.js';
import { isSymbol, type Shape, sameShape } from '../types.js';

/** Lowers a pointwise operation in the blocked layout if one of its images is there already. */
export function lowerPointwise(layouts: Layouts, node: ComputedTensor): LaidOut | undefined {
  if (node.operation.pointwise !== true || !layouts.canBlock(node)) return undefined;
  const kinds = node.inputs.map((operand) => kindOf(operand, node.shape));
  if (kinds.includes('other')) return undefined;
  if (!node.inputs.some((operand, i) => kinds[i] === 'image' && layouts.has(operand, 'blocked'))) return undefined;
  const unfit = (operand: Tensor): boolean => operand.dtype !== 'float32' && !layouts.has(operand, 'blocked');
  if (node.inputs.some((operand, i) => kinds[i] === 'image' && unfit(operand))) return undefined;
  const split = kinds.includes('channels');
  const operands = node.inputs.map((operand, i) => {
    if (kinds[i] === 'image') {
      const blocked = layouts.name(operand, 'blocked');
      return split ? splitChannels(layouts, blocked, node.shape) : blocked;
    }
    if (kinds[i] === 'scalar') return layouts.name(operand);
    return splitChannels(layouts, layouts.name(operand), [1, 1, ...operand.shape].slice(-4));
  });
  const result = node.operation.onnx(layouts.model, operands, node);
  return { name: split ? joinChannels(layouts, result, node.shape) : result, layout: 'blocked' };
}

/** How an operand meets an image of shape `whole`: as an image, one number, a number a channel, or another way. */
function kindOf(operand: Tensor, whole: Shape): 'image' | 'scalar' | 'channels' | 'other' {
  const { shape } = operand;
  if (sameShape(shape, whole)) return 'image';
  if (shape.every((length) => length === 1)) return 'scalar';
  const isChannels = shape.length >= 3 && shape.at(-1) === 1 && shape.at(-2) === 1 && shape.at(-3) === whole[1];
  return isChannels ? 'channels' : 'other';
}

/** A blocked value under its true shape, [N, C/b, H, W, b]; for H = W = 1 that is also what `first` looks like. */
export function splitChannels({ model, block }: Layouts, name: string, shape: Shape): string {
  const [count, channels, height, width] = shape;
  return model.node('Reshape', [
    name,
    model.ints([isSymbol(count!) ? 0 : count!, channels! / block, height!, width!, block]),
  ]);
}

/** The opposite of `splitChannels`. */
export function joinChannels({ model }: Layouts, name: string, [count, ...rest]: Shape): string {
  return model.node('Reshape', [name, model.ints([isSymbol(count!) ? 0 : count!, ...rest])]);
}
