import { attentionFlops, linearFlops, type CostModel } from '../../src/methods/scheduling/cost-model.js';
import type { Cluster } from '../../src/methods/scheduling/plan.js';

/** Qwen2.5-0.5B. */
const shape = { hidden: 896, keyValueHidden: 128 };

/** The constants with which DACP is compared with the optimum: one layer forward on a GPU of 400 TFLOP/s. */
export const gpuCost: CostModel = {
  linearMs: (1e3 * linearFlops(shape)) / 400e12,
  attentionMs: (1e3 * attentionFlops(shape)) / 400e12,
  attentionHalfTokens: 0,
  computeMs: 0.02,
  exchangeMsPerToken: 1e3 * 2 * 128 * 2 * 6.4e-12,
  exchangeMs: 0.05,
  exchangeFloorMs: 0,
  microBatchMs: 0,
  stepMs: 0,
};

/** A cluster of 1 × 4 ranks with `gpuCost`, changed in some fields. */
export function clusterOf(changes: Partial<Cluster> = {}): Cluster {
  return { dataParallel: 1, contextParallel: 4, bucketSize: 26_624, cost: gpuCost, ...changes };
}
