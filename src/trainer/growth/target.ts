/** The sizes that a job grows to. */

import { AppError, check } from '../../core/errors.js';
import { katagoTarget } from '../../methods/growth/katago-bundles.js';
import { type Architecture, checkArchitecture } from '../../nn/networks/architecture.js';
import { type KatagoArchitecture, checkKatago } from '../../nn/networks/katago/architecture.js';
import { checkTransformer, type TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';

/** Sizes asked for; 0 for what is kept, or grows with the width. */
export interface TargetSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly intermediate: number;
  readonly blocks: number;
  readonly channels: number;
}

const ofLanguage = ['layers', 'hidden', 'heads', 'keyValueHeads', 'intermediate'] as const;

/**
 * The language model of the sizes asked for.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit, or if nothing grows
 */
export function transformerTarget(from: TransformerConfiguration, sizes: TargetSizes): TransformerConfiguration {
  refuse(sizes, ['blocks', 'channels'], 'a language model; it has layers and hidden');
  const hidden = sizes.hidden === 0 ? from.hidden : sizes.hidden;
  const scaled = (key: 'heads' | 'keyValueHeads' | 'intermediate'): number => {
    if (sizes[key] > 0) return sizes[key];
    const grown = (from[key] * hidden) / from.hidden;
    check(Number.isInteger(grown), () => {
      const why = `${from[key]} of the source do not grow evenly from hidden ${from.hidden} to ${hidden}`;
      return `Setting '${key}' must be given: ${why}`;
    });
    return grown;
  };
  const heads = scaled('heads');
  const to = checkTransformer({
    ...from,
    hidden,
    heads,
    keyValueHeads: scaled('keyValueHeads'),
    intermediate: scaled('intermediate'),
    layers: sizes.layers === 0 ? from.layers : sizes.layers,
  });
  checkGrows(from, to);
  return to;
}

/**
 * The Go network of the sizes asked for.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit, or if nothing grows
 */
export function goTarget(from: Architecture, sizes: TargetSizes): Architecture {
  refuse(sizes, ofLanguage, 'a Go network; it has blocks and channels');
  const to = checkArchitecture({
    ...from,
    blocks: sizes.blocks === 0 ? from.blocks : sizes.blocks,
    channels: sizes.channels === 0 ? from.channels : sizes.channels,
  });
  checkGrows(from, to);
  return to;
}

/**
 * The network of KataGo's kind of the sizes asked for.
 *
 * @throws AppError 'invalid-argument' naming sizes that do not fit, or if nothing grows
 */
export function katagoJobTarget(from: KatagoArchitecture, sizes: TargetSizes): KatagoArchitecture {
  refuse(sizes, ofLanguage, 'a Go network; it has blocks and channels');
  const to = checkKatago(katagoTarget(from, sizes));
  checkGrows(from, to);
  return to;
}

function refuse(sizes: TargetSizes, keys: readonly (keyof TargetSizes)[], what: string): void {
  for (const key of keys) {
    check(sizes[key] === 0, () => `Setting '${key}' is ${sizes[key]}; it must be 0, since the source is ${what}`);
  }
}

function checkGrows(from: object, to: object): void {
  if (JSON.stringify(from) !== JSON.stringify(to)) return;
  throw new AppError('invalid-argument', `Nothing grows: the target has the source's sizes, ${JSON.stringify(to)}`);
}
