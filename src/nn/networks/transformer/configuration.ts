/** The sizes of a decoder-only transformer as Llama and Qwen2 are. */

import { AppError, check } from '../../../core/errors.js';

/** What the parameters' names and shapes, and the computation, follow from. */
export interface TransformerConfiguration {
  readonly kind: 'transformer';
  /** h, the width of the residual stream. */
  readonly hidden: number;
  readonly layers: number;
  /** Query heads; a multiple of `keyValueHeads`. */
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Width of a head; even, since rotary positions turn pairs. */
  readonly headWidth: number;
  /** Width of the gated hidden layer. */
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Most tokens in a sequence. */
  readonly context: number;
  /** Base of the rotary positions' wavelengths. */
  readonly ropeTheta: number;
  /** ε of the root mean square. */
  readonly normEpsilon: number;
  /** Whether queries, keys and values have biases, as in Qwen2. */
  readonly queryKeyValueBias: boolean;
  /** Whether the head reads the embedding's weights. */
  readonly tiedHead: boolean;
}

const whole = {
  hidden: [2, 65_536],
  layers: [1, 256],
  heads: [1, 512],
  keyValueHeads: [1, 512],
  headWidth: [2, 1024],
  intermediate: [1, 262_144],
  vocabulary: [2, 1_000_000],
  context: [1, 16_777_216],
} as const;

/**
 * Checks a description that comes from outside and returns it with its keys in a fixed order.
 *
 * @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed
 */
export function checkTransformer(fields: Partial<Record<string, unknown>>): TransformerConfiguration {
  const number = (name: keyof typeof whole): number => {
    const [min, max] = whole[name];
    const seen = fields[name];
    if (Number.isInteger(seen) && (seen as number) >= min && (seen as number) <= max) return seen as number;
    throw refusal(name, seen, `a whole number from ${min} to ${max}`);
  };
  const positive = (name: 'ropeTheta' | 'normEpsilon'): number => {
    const seen = fields[name];
    if (typeof seen === 'number' && Number.isFinite(seen) && seen > 0) return seen;
    throw refusal(name, seen, 'a number above 0');
  };
  const flag = (name: 'queryKeyValueBias' | 'tiedHead'): boolean => {
    const seen = fields[name];
    if (typeof seen === 'boolean') return seen;
    throw refusal(name, seen, 'true or false');
  };
  const configuration: TransformerConfiguration = {
    kind: 'transformer',
    hidden: number('hidden'),
    layers: number('layers'),
    heads: number('heads'),
    keyValueHeads: number('keyValueHeads'),
    headWidth: number('headWidth'),
    intermediate: number('intermediate'),
    vocabulary: number('vocabulary'),
    context: number('context'),
    ropeTheta: positive('ropeTheta'),
    normEpsilon: positive('normEpsilon'),
    queryKeyValueBias: flag('queryKeyValueBias'),
    tiedHead: flag('tiedHead'),
  };
  for (const key of Object.keys(fields)) check(key in configuration, `Unknown architecture field '${key}'`);
  const { heads, keyValueHeads, headWidth } = configuration;
  check(
    heads % keyValueHeads === 0,
    () => `heads is ${heads}; it must be a multiple of keyValueHeads, ${keyValueHeads}`,
  );
  check(headWidth % 2 === 0, () => `headWidth is ${headWidth}; it must be even`);
  return configuration;
}

function refusal(name: string, seen: unknown, wanted: string): AppError {
  const text = seen === undefined ? 'missing' : JSON.stringify(seen);
  return new AppError('invalid-argument', `Architecture ${name} is ${text}; it must be ${wanted}`);
}
