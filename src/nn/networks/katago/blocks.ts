/** The residual blocks of a KataGo network. */

import { check } from '../../../core/errors.js';
import { shown } from '../../../core/quoted.js';
import { fieldsOf, whole, width } from './fields.js';

/** A residual block; what it adds to has as many channels as the trunk, or as the bottleneck that it stands in. */
export type KatagoBlock =
  /** Two convolutions with `middle` channels in between. */
  | { readonly kind: 'ordinary'; readonly middle: number }
  /** The first convolution has two parts; `pooled` channels become biases of the other `regular` ones. */
  | { readonly kind: 'pool'; readonly regular: number; readonly pooled: number }
  /** Blocks on fewer channels between two 1×1 convolutions. */
  | { readonly kind: 'bottleneck'; readonly middle: number; readonly blocks: readonly KatagoBlock[] }
  | AttentionBlock
  | FeedForwardBlock;

/** Every point reads every point. A group of query heads shares the keys and values of one head. */
export interface AttentionBlock {
  readonly kind: 'attention';
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Numbers of a query or key, and of a value. */
  readonly width: number;
  readonly valueWidth: number;
  /** What queries and keys turn by with their place: θ of fixed frequencies, learned ones, or nothing. */
  readonly rotary: number | 'learned' | 'none';
  /** Of the norm before it. */
  readonly epsilon: number;
}

/** Every point alone: SiLU of one product times another, and a third product of that. */
export interface FeedForwardBlock {
  readonly kind: 'feedForward';
  readonly hidden: number;
  /** Of the norm before it. */
  readonly epsilon: number;
}

const MAX_BLOCKS = 256;
const MAX_DEPTH = 4;
const kinds = ['ordinary', 'pool', 'bottleneck', 'attention', 'feedForward'];

/** Checks a list of blocks, which lies in `depth` bottlenecks. */
export function checkBlocks(value: unknown, depth: number): KatagoBlock[] {
  check(
    Array.isArray(value) && value.length >= 1 && value.length <= MAX_BLOCKS && depth < MAX_DEPTH,
    `Architecture blocks must be a list of 1 to ${MAX_BLOCKS} blocks, in bottlenecks at most ${MAX_DEPTH - 1} deep`,
  );
  return (value as unknown[]).map((each) => checkBlock(fieldsOf(each, 'A block of the architecture'), depth));
}

function checkBlock(block: Partial<Record<string, unknown>>, depth: number): KatagoBlock {
  const { kind } = block;
  switch (kind) {
    case 'ordinary':
      return { kind, middle: width(block, 'middle') };
    case 'pool':
      return { kind, regular: width(block, 'regular'), pooled: width(block, 'pooled') };
    case 'bottleneck':
      return { kind, middle: width(block, 'middle'), blocks: checkBlocks(block['blocks'], depth + 1) };
    case 'attention':
      return checkAttention(block);
    case 'feedForward':
      return { kind, hidden: width(block, 'hidden'), epsilon: checkEpsilon(block) };
    default:
      check(false, `Block kind is ${shown(kind)}; it must be one of ${kinds.join(', ')}`);
  }
}

function checkAttention(block: Partial<Record<string, unknown>>): AttentionBlock {
  const heads = width(block, 'heads');
  const keyValueHeads = whole(block['keyValueHeads'], 'keyValueHeads', 1, heads);
  check(
    heads % keyValueHeads === 0,
    () => `Architecture keyValueHeads is ${keyValueHeads}, which does not divide the ${heads} heads`,
  );
  const of = width(block, 'width');
  const rotary = checkRotary(block['rotary'], of);
  const valueWidth = width(block, 'valueWidth');
  return { kind: 'attention', heads, keyValueHeads, width: of, valueWidth, rotary, epsilon: checkEpsilon(block) };
}

function checkRotary(rotary: unknown, of: number): AttentionBlock['rotary'] {
  if (rotary === 'none') return rotary;
  if (rotary === 'learned') {
    check(of % 2 === 0, () => `Architecture width is ${of}; with learned frequencies it must be even`);
    return rotary;
  }
  check(
    typeof rotary === 'number' && Number.isFinite(rotary) && rotary > 0,
    () => `Architecture rotary is ${shown(rotary)}; it must be 'none', 'learned' or a number above 0`,
  );
  check(of % 4 === 0, () => `Architecture width is ${of}; with fixed frequencies it must be a multiple of 4`);
  return rotary;
}

/** What is added to a mean square before its root is taken. */
export function checkEpsilon({ epsilon }: Partial<Record<string, unknown>>): number {
  check(
    typeof epsilon === 'number' && epsilon > 0 && epsilon < 1,
    () => `Architecture epsilon is ${shown(epsilon)}; it must lie between 0 and 1`,
  );
  return epsilon;
}
