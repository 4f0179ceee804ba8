/** Convolutions of ONNX Runtime's `com.microsoft.nchwc` domain, with filters that are computed or given at run time. */

import type { ComputedTensor, LaidOut, Layouts, Tensor } from '../graph.js';
import type { Shape } from '../types.js';

const NCHWC = 'com.microsoft.nchwc';

/**
 * Lowers a convolution in blocks. Images of fewer channels than a block (the network's input, one-channel heads) are
 * taken as they are; results of a number of channels that is no multiple of the block are computed with zero filters to
 * fill the last block, and given in the ordinary layout.
 */
export function blockedConvolution(layouts: Layouts, node: ComputedTensor<null>): LaidOut | undefined {
  const { model, block } = layouts;
  const [x, filter, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const [outputs, channels, kernel] = filter.shape as [number, number, number];
  const small = channels < block;
  if (block === 0 || layouts.isConstant(filter) || (!small && channels % block !== 0)) return undefined;
  const border = (kernel - 1) / 2;
  const operands = [layouts.name(x, small ? 'first' : 'blocked'), filterInBlocks(layouts, filter)];
  if (bias !== undefined) operands.push(fillBlock(layouts, layouts.name(bias), bias.shape));
  const settings = {
    kernel_shape: [kernel, kernel],
    pads: [border, border, border, border],
    strides: [1, 1],
    dilations: [1, 1],
    group: 1,
  };
  const y = model.node('Conv', operands, settings, NCHWC);
  if (outputs % block === 0) return { name: y, layout: 'blocked' };
  return { name: model.node('ReorderOutput', [y], { channels: outputs, channels_last: 0 }, NCHWC), layout: 'first' };
}

/** The filter [O, C, K, K] as [O/b, C/b, K, K, b of C, b of O], or [O/b, C, K, K, b of O] if C is less than a block. */
function filterInBlocks(layouts: Layouts, filter: Tensor): string {
  if (layouts.has(filter, 'filter')) return layouts.name(filter, 'filter');
  const { model, block } = layouts;
  const [, channels, kernel] = filter.shape as [number, number, number];
  const full = fillBlock(layouts, layouts.name(filter), filter.shape);
  const outputs = Math.ceil(filter.shape[0]! / block);
  const area = kernel * kernel;
  const [parts, order] =
    channels < block
      ? [
          [outputs, block, channels, area],
          [0, 2, 3, 1],
        ]
      : [
          [outputs, block, channels / block, block, area],
          [0, 2, 4, 3, 1],
        ];
  const split = model.node('Reshape', [full, model.ints(parts)]);
  const moved = model.node('Transpose', [split], { perm: order });
  return model.node('Reshape', [moved, model.ints([outputs * block, channels, kernel, kernel])]);
}

/** Zeros along the first dimension up to a whole number of blocks. */
function fillBlock({ model, block }: Layouts, name: string, [length, ...rest]: Shape): string {
  const missing = Math.ceil(length! / block) * block - length!;
  if (missing === 0) return name;
  const before = [0, ...rest.map(() => 0)];
  return model.node('Pad', [name, model.ints([...before, missing, ...rest.map(() => 0)])]);
}

/** Lowers the adjoint of a filter straight into blocks: inputs and outputs exchanged, height and width reversed. */
export function blockedAdjoint(layouts: Layouts, filter: Tensor): LaidOut | undefined {
  const { model, block } = layouts;
  const [outputs, channels, kernel] = filter.shape as [number, number, number];
  if (block === 0 || layouts.isConstant(filter) || outputs % block !== 0 || channels % block !== 0) return undefined;
  const area = kernel * kernel;
  const parts = model.ints([outputs / block, block, channels / block, block, area]);
  const split = model.node('Reshape', [layouts.name(filter), parts]);
  const moved = model.node('Transpose', [split], { perm: [2, 0, 4, 1, 3] });
  const backwards = model.ints(Array.from({ length: area }, (_, i) => area - 1 - i));
  const flipped = area === 1 ? moved : model.node('Gather', [moved, backwards], { axis: 2 });
  const name = model.node('Reshape', [flipped, model.ints([channels, outputs, kernel, kernel])]);
  return { name, layout: 'filter' };
}

/** A filter in blocks back under its own shape. */
export function unblockedFilter({ model, block }: Layouts, name: string, shape: Shape): string {
  const [outputs, channels, kernel] = shape as [number, number, number];
  const parts = model.ints([outputs / block, channels / block, kernel * kernel, block, block]);
  const moved = model.node('Transpose', [model.node('Reshape', [name, parts])], { perm: [0, 4, 1, 3, 2] });
  return model.node('Reshape', [moved, model.ints(shape)]);
}
