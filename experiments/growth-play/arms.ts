/** What is compared: settings of the `alphazero` job, beside its defaults. */

import { readAlphaZeroConfig, type AlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { architectureOf } from '../../src/trainer/alphazero/trainer.js';
import { TRAINING } from '../../src/trainer/growth/report.js';
import { forwardCost } from '../shared/self-play/network.js';

const large = { blocks: 4, channels: 32 };
const small = { blocks: 2, channels: 16 };
const grows = { ...small, growBlocks: large.blocks, growChannels: large.channels };

/** Share of the budget that the small network gets. */
const SMALL_SHARE = 0.5;

/** By name; `base` has the final size from the start. */
export const arms = {
  base: large,
  grow: { ...grows, growMethod: 'net2net' },
  'grow-trained': { ...grows, growMethod: 'mango-exact' },
  /** Never grows. */
  small,
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Arm = keyof typeof arms;

/** The settings of a run whose budget is that of `positions` searched positions of the large network. */
export function configOf(arm: Arm, size: number, seed: number, positions: number): AlphaZeroConfig {
  const base = { size, komi: '8.5', minutes: 0, seed };
  const growAfter = Math.round((SMALL_SHARE * positions * costOf(size, large)) / costOf(size, small));
  return readAlphaZeroConfig({ ...base, ...arms[arm], ...('growMethod' in arms[arm] && { growAfter }) });
}

/** Multiplications that a searched position of the large network takes, its evaluations and its training. */
export function positionCost(size: number): number {
  const { visits, sampleFactor } = readAlphaZeroConfig({ size });
  return (visits + TRAINING * sampleFactor) * costOf(size, large);
}

function costOf(size: number, sizes: typeof large): number {
  return forwardCost(architectureOf(readAlphaZeroConfig({ size, ...sizes })));
}
