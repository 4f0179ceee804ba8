/** The boards that a model plays, by what the server says of it. */

import type { Model } from '../../src/proto/tengen/v1/model.js';

/** What is needed of a model. */
export type ModelBoards = Pick<Model, 'size' | 'smallestSize'>;

/** Points on a side, the largest first; none for a language model. */
export function boardSizes({ size, smallestSize }: ModelBoards): readonly number[] {
  if (size === 0) return [];
  // Servers from before networks of many sizes say nothing of a smallest one.
  const smallest = smallestSize === 0 ? size : smallestSize;
  return Array.from({ length: size - smallest + 1 }, (_, i) => size - i);
}

/** `9×9`, or `2×2 to 19×19`; a language model has no board. */
export function boardsText(model: ModelBoards): string {
  const sizes = boardSizes(model).map((size) => `${size}×${size}`);
  return sizes.length > 1 ? `${sizes.at(-1)!} to ${sizes[0]!}` : (sizes[0] ?? '');
}
