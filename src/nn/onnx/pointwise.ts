/** Pointwise operations on images that lie point by point: they stay so, and a tower of layers is never converted. */

import type { ComputedTensor, LaidOut, Layouts, Tensor } from '../graph.js';
import { type Shape, isSymbol, sameShape } from '../types.js';

/** Lowers a pointwise operation in the layout `points` if one of its images is there already. */
export function lowerPointwise(layouts: Layouts, node: ComputedTensor): LaidOut | undefined {
  if (node.operation.pointwise !== true || node.shape.length !== 4) return undefined;
  const isImage = (operand: Tensor): boolean => sameShape(operand.shape, node.shape);
  if (!node.inputs.some((operand) => isImage(operand) && layouts.has(operand, 'points'))) return undefined;
  const operands = node.inputs.map((operand) =>
    isImage(operand) ? layouts.name(operand, 'points') : broadcastOver(layouts, operand),
  );
  if (operands.includes(undefined)) return undefined;
  return { name: node.operation.onnx(layouts.model, operands as string[], node), layout: 'points' };
}

/** An operand that meets images of another shape, so that it broadcasts against [H, W, N, C]; `undefined` if it cannot. */
function broadcastOver(layouts: Layouts, operand: Tensor): string | undefined {
  const { shape } = operand;
  if (shape.every((length) => length === 1)) return layouts.name(operand);
  if (isPerChannel(shape)) return perChannel(layouts, operand);
  return shape.length === 4 ? layouts.name(operand, 'points') : undefined;
}

/** True of [N, C, 1, 1] and [C, 1, 1]: a number for each channel of an image, or of all images. */
export function isPerChannel(shape: Shape): boolean {
  return shape.length > 2 && shape.length < 5 && shape.at(-1) === 1 && shape.at(-2) === 1;
}

/** Such a tensor as [N, C] or [C]. */
export function perChannel(layouts: Layouts, operand: Tensor): string {
  const lengths = operand.shape.slice(0, -2).map((length) => (isSymbol(length) ? -1 : length));
  return layouts.model.node('Reshape', [layouts.name(operand), layouts.model.ints(lengths)]);
}
