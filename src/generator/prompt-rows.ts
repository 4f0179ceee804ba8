/** Prompts as the inputs of a prefill, one a row, padded at the end. */

import { check } from '../core/errors.js';
import type { NamedTensors } from '../engine/engine.js';
import { PROMPT_SEGMENT, type RowShape } from '../nn/networks/transformer/rows.js';
import { column } from './lockstep-caches.js';

/** What a prefill of some prompts takes. */
export interface PromptRows {
  readonly shape: RowShape;
  /** Tokens of each prompt. */
  readonly lengths: readonly number[];
  readonly prefixTokens: number;
  /** `tokens`, `positions`, `segments`, `last` and `angleWeights` of `prefillGraph`. */
  readonly inputs: NamedTensors;
}

/**
 * Lays out prompts that share their first `prefixTokens` tokens.
 *
 * @param step the rows' length is a multiple of it
 */
export function promptRows(prompts: readonly (readonly number[])[], prefixTokens: number, step: number): PromptRows {
  const lengths = prompts.map(({ length }) => length);
  const length = Math.ceil(Math.max(...lengths) / step) * step;
  const shape = { rows: prompts.length, length };
  const count = prompts.length * length;
  const tokens = new BigInt64Array(count);
  const segments = new Float32Array(count).fill(-1);
  const angleWeights = new Float32Array(2 * count);
  prompts.forEach((prompt, row) => {
    const question = prompt.length - prefixTokens;
    check(question > 0, `Prompt ${row} has ${prompt.length} tokens; the common prefix has ${prefixTokens} already`);
    prompt.forEach((token, i) => {
      tokens[row * length + i] = BigInt(token);
      segments[row * length + i] = PROMPT_SEGMENT;
      const isPrefix = i < prefixTokens;
      angleWeights[(2 * row + Number(isPrefix)) * length + i] = 1 / (isPrefix ? prefixTokens : question);
    });
  });
  return {
    shape,
    lengths,
    prefixTokens,
    inputs: {
      tokens: { shape: [count], data: tokens },
      positions: column(Array.from({ length: count }, (_, i) => i % length)),
      segments: { shape: [count, 1], data: segments },
      last: {
        shape: [prompts.length],
        data: BigInt64Array.from(lengths, (own, row) => BigInt(row * length + own - 1)),
      },
      angleWeights: { shape: [prompts.length, 2, length], data: angleWeights },
    },
  };
}
