/** The paper's models and settings on H100s as a cost model: stated constants, not measured ones. */

import { attentionFlops, linearFlops, type CostModel } from '../../src/methods/scheduling/cost-model.js';
import type { Cluster } from '../../src/methods/scheduling/plan.js';
import type { LengthName } from './lengths.js';

/** One of the two models of the paper. */
export interface GpuModel {
  readonly name: string;
  readonly hidden: number;
  readonly keyValueHidden: number;
  readonly layers: number;
  /** C of the paper. */
  readonly bucketSize: number;
  /** FLOP/s of the linear layers and of attention at full speed; our guess. */
  readonly linearPeak: number;
  readonly attentionPeak: number;
  /** Before any fit: launches of a layer and a micro-step, and what a step takes beside, ms. */
  readonly launchMs: number;
  readonly stepMs: number;
}

const small: GpuModel = {
  name: '0.5B',
  hidden: 896,
  keyValueHidden: 128,
  layers: 24,
  bucketSize: 26_624,
  linearPeak: 400e12,
  attentionPeak: 350e12,
  launchMs: 1.5,
  stepMs: 80,
};
const large: GpuModel = {
  name: '7B',
  hidden: 3584,
  keyValueHidden: 512,
  layers: 28,
  bucketSize: 13_312,
  linearPeak: 550e12,
  attentionPeak: 400e12,
  launchMs: 1.5,
  stepMs: 900,
};

/** Tokens of a kernel at which it runs at half its speed. */
const HALF_TOKENS = 256;
/** Forward and backward, in forwards. */
const PASSES = 3;
/** Gather forward, gather and reduce-scatter backward. */
const EXCHANGES = 3;
/** Latency of one, ms, and its bandwidth within a node (the paper's Table 5: 142 GiB/s); a quarter of it between nodes. */
const EXCHANGE_MS = 0.05;
const MS_PER_BYTE = 6.5e-9;
const RANKS_IN_NODE = 8;

/** One of the paper's six settings, with its speed-up over DeepSpeed as far as it is known (a secondary source). */
export interface PaperSetting {
  readonly model: GpuModel;
  readonly lengths: LengthName;
  readonly dataParallel: number;
  readonly contextParallel: number;
  /** Sequences of a global batch. */
  readonly batch: number;
  readonly target: number;
}

const usual = { dataParallel: 4, contextParallel: 8, batch: 256 };

/** Figure 3. */
export const paperSettings: readonly PaperSetting[] = [
  { model: small, lengths: 'wikipedia', ...usual, target: 7.54 },
  { model: small, lengths: 'lmsys', ...usual, target: 6.17 },
  { model: small, lengths: 'chatqa2', ...usual, target: 2.79 },
  { model: large, lengths: 'wikipedia', ...usual, target: 2.6 },
  { model: large, lengths: 'lmsys', ...usual, target: 2.14 },
  { model: large, lengths: 'chatqa2', dataParallel: 2, contextParallel: 16, batch: 80, target: 1.35 },
];

/** The two constants that are fitted, or those of the model. */
export interface Overheads {
  readonly launchMs: number;
  readonly stepMs: number;
}

/** The cluster of a setting. Kernels run at n / (n + 256) of their speed on n tokens. */
export function gpuCluster(
  { model, dataParallel, contextParallel }: PaperSetting,
  { launchMs, stepMs }: Overheads = model,
): Cluster {
  const { layers, bucketSize, keyValueHidden } = model;
  const linearMs = (1e3 * layers * PASSES * linearFlops(model)) / model.linearPeak;
  const msPerByte = contextParallel > RANKS_IN_NODE ? 4 * MS_PER_BYTE : MS_PER_BYTE;
  // Keys and values in 16 bits.
  const bytesPerToken = 2 * keyValueHidden * 2;
  const cost: CostModel = {
    linearMs,
    // Half of the squared tokens, for a causal mask.
    attentionMs: (1e3 * layers * PASSES * 0.5 * attentionFlops(model)) / model.attentionPeak,
    attentionHalfTokens: HALF_TOKENS,
    computeMs: linearMs * HALF_TOKENS,
    exchangeMsPerToken: layers * EXCHANGES * bytesPerToken * msPerByte,
    exchangeMs: layers * EXCHANGES * EXCHANGE_MS,
    exchangeFloorMs: 0,
    microBatchMs: layers * launchMs,
    stepMs,
  };
  return { dataParallel, contextParallel, bucketSize, cost };
}
