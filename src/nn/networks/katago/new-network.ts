/** Networks that begin at random here and can be played by KataGo later. */

import { hasPool, policyChannels } from '../go-resnet.js';
import { type KatagoArchitecture, usualMultipliers } from './architecture.js';
import type { KatagoBlock } from './blocks.js';

/** The sizes of a new network; see `Architecture`. */
export interface NewKatago {
  readonly size: number;
  readonly blocks: number;
  readonly channels: number;
  readonly planes: number;
  readonly globals: number;
  readonly features: string;
}

/**
 * A network of ordinary and pooling blocks. Version 8, the latest that does not promise short-term errors, which are not
 * taught here.
 */
export function newKatago({ size, blocks, channels, planes, globals, features }: NewKatago): KatagoArchitecture {
  const pooled = Math.ceil(channels / 4);
  const pool: KatagoBlock = { kind: 'pool', regular: channels - pooled, pooled };
  const ordinary: KatagoBlock = { kind: 'ordinary', middle: channels };
  const head = policyChannels(channels);
  return {
    kind: 'katago',
    version: 8,
    boards: [size, size],
    planes,
    globals,
    features,
    channels,
    stem: 3,
    blocks: Array.from({ length: blocks }, (_, block) => (hasPool(block) ? pool : ordinary)),
    policy: { channels: head, pooled: head, outputs: 1 },
    value: { channels: head, hidden: channels, outputs: 4 },
    multipliers: usualMultipliers,
    activation: 'relu',
    activations: {},
    kernels: {},
  };
}
