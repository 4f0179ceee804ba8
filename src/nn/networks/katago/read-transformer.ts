/** Reads the blocks of a transformer in a KataGo file, after their kind and name. */

import type { AttentionBlock, FeedForwardBlock } from './blocks.js';
import type { LayerReader } from './read-layer.js';

const MAX_WIDTH = 4096;

/** Which of the numbers of a head turn together; their count is a multiple of it. */
const turning = { none: 1, learned: 2, fixed: 4 } as const;

/** Reads an attention block; its rotary angles follow its matrices. */
export function readAttention(reader: LayerReader, path: string, channels: number): AttentionBlock {
  const { words } = reader;
  const number = (what: string, max: number): number => words.whole(`the ${what} of block '${path}'`, 1, max);
  const [heads, keyValueHeads] = [number('heads', MAX_WIDTH), number('key/value heads', MAX_WIDTH)];
  const [width, valueWidth] = [number('width of heads', MAX_WIDTH), number('width of values', MAX_WIDTH)];
  if (heads % keyValueHeads !== 0) {
    words.fail(`block '${path}' has ${heads} heads, which ${keyValueHeads} key/value heads cannot share`);
  }
  const turns = words.whole(`whether block '${path}' has rotary angles`, 0, 1) === 1;
  const learns = words.whole(`whether block '${path}' learns rotary angles`, 0, 1) === 1;
  const kind = !turns ? 'none' : learns ? 'learned' : 'fixed';
  if (width % turning[kind] !== 0) {
    words.fail(`block '${path}' has heads of ${width} numbers; rotary angles want a multiple of ${turning[kind]}`);
  }
  const epsilon = reader.pointNorm(`${path}/norm`, channels);
  reader.matrix(`${path}/query`, channels, heads * width);
  reader.matrix(`${path}/key`, channels, keyValueHeads * width);
  reader.matrix(`${path}/value`, channels, keyValueHeads * valueWidth);
  reader.matrix(`${path}/out`, heads * valueWidth, channels);
  if (kind === 'learned') reader.frequencies(`${path}/frequencies`, keyValueHeads, width / 2);
  const rotary = kind === 'fixed' ? readTheta(reader, path) : kind;
  return { kind: 'attention', heads, keyValueHeads, width, valueWidth, rotary, epsilon };
}

function readTheta({ words }: LayerReader, path: string): number {
  words.word(`the name of a layer (${path}/frequencies)`);
  const theta = words.number(`the rotary theta of block '${path}'`);
  if (theta <= 0) words.fail(`the rotary theta of block '${path}' is ${theta}; it must be above 0`);
  return theta;
}

/** Reads a feed-forward block, which must have a gate. */
export function readFeedForward(reader: LayerReader, path: string, channels: number): FeedForwardBlock {
  const { words } = reader;
  words.whole(`the channels of block '${path}'`, channels, channels);
  const hidden = words.whole(`the inner channels of block '${path}'`, 1, MAX_WIDTH);
  if (words.whole(`whether block '${path}' has a gate`, 0, 1) === 0) {
    words.fail(`block '${path}' is a feed-forward block without a gate (SwiGLU), which is not supported`);
  }
  const epsilon = reader.pointNorm(`${path}/norm`, channels);
  reader.matrix(`${path}/first`, channels, hidden);
  reader.matrix(`${path}/gate`, channels, hidden);
  reader.matrix(`${path}/second`, hidden, channels);
  return { kind: 'feedForward', hidden, epsilon };
}
