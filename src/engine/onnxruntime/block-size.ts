/** Finds out in which blocks of channels ONNX Runtime convolves on this machine, by trying. */

import { graph, input } from '../../nn/graph.js';
import { lowerToOnnx } from '../../nn/onnx/lower.js';
import { conv2d } from '../../nn/operations/convolution.js';
import { createSession } from './session.js';

/** Channels in a block; 0 for ordinary layouts only. */
export type BlockSize = 0 | 8 | 16;

let known: Promise<BlockSize> | undefined;

/** The block size of the CPU provider here: 16 with AVX-512, 8 with AVX2, 0 where blocks are not used. Found once. */
export function blockSize(provider = 'cpu'): Promise<BlockSize> {
  if (provider !== 'cpu') return Promise.resolve(0);
  known ??= probe();
  return known;
}

async function probe(): Promise<BlockSize> {
  const wanted = await convolve(0);
  for (const block of [16, 8] as const) {
    // A wrong size is either refused or mixes the channels up.
    const seen = await convolve(block).catch(() => undefined);
    if (seen?.every((value, i) => Math.abs(value - wanted[i]!) < 1e-3)) return block;
  }
  return 0;
}

/** The same small convolution, lowered for a block size. */
async function convolve(block: BlockSize): Promise<Float32Array> {
  const [x, filter] = [input('x', [1, 32, 3, 3]), input('filter', [32, 32, 3, 3])];
  const session = await createSession(lowerToOnnx(graph({ y: conv2d(x, filter) }), { blockSize: block }));
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37));
  try {
    const { y } = await session.run({
      x: { shape: x.shape, data: numbers(288) },
      filter: { shape: filter.shape, data: numbers(9216) },
    });
    return y!.data as Float32Array;
  } finally {
    await session.release();
  }
}
