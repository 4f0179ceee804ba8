import { describe, expect, it } from 'vitest';
import {
  attentionFlops,
  exchangeMs,
  linearFlops,
  microBatchMs,
  sequenceMs,
  shardMs,
  type CostModel,
} from '../../../../src/methods/scheduling/cost-model.js';
import { gpuCost } from '../../../support/clusters.js';

const cost: CostModel = {
  ...gpuCost,
  linearMs: 2,
  attentionMs: 0.5,
  attentionHalfTokens: 4,
  computeMs: 3,
  exchangeMsPerToken: 0.25,
  exchangeMs: 5,
  exchangeFloorMs: 7,
  microBatchMs: 20,
};

describe('the cost model', () => {
  it('has attention dearer than the rest from 5h + h_kv tokens on (Eq. 13)', () => {
    const small = { hidden: 896, keyValueHidden: 128 };
    const large = { hidden: 3584, keyValueHidden: 512 };
    expect(linearFlops(small) / attentionFlops(small)).toBe(4608);
    expect(linearFlops(large) / attentionFlops(large)).toBe(18_432);
    const flops = (length: number): number => length * (linearFlops(small) + attentionFlops(small) * length);
    expect(flops(32_768) / flops(4096)).toBeCloseTo(34.353, 3);
  });

  it('divides a shard by the ranks, but not what a small piece of attention wastes (Eq. 4, 14)', () => {
    expect(sequenceMs(cost, 10)).toBe(2 * 10 + 0.5 * 10 * 14);
    expect(shardMs(cost, 10, 5)).toBe((2 * 10 + 0.5 * 100) / 5 + 0.5 * 4 * 10);
    expect(shardMs(cost, 10, 1)).toBe(sequenceMs(cost, 10));
  });

  it('exchanges nothing for nothing, and a little no faster than the floor (Eq. 16)', () => {
    expect([0, 1, 8, 12].map((tokens) => exchangeMs(cost, tokens))).toEqual([0, 7, 7, 8]);
  });

  it('hides the exchange behind local work, and adds the sharded part (Eq. 2)', () => {
    const load = { shardedMs: 30, shardedTokens: 100 };
    expect(exchangeMs(cost, 100)).toBe(30);
    expect(microBatchMs(cost, { localMs: 10, ...load })).toBe(30 + 33);
    expect(microBatchMs(cost, { localMs: 40, ...load })).toBe(43 + 33);
    expect(microBatchMs(cost, { localMs: 40, shardedMs: 0, shardedTokens: 0 })).toBe(43);
  });

  it('takes no less than its launches, with an exchange that nothing overlaps on top', () => {
    expect(microBatchMs(cost, { localMs: 1, shardedMs: 0, shardedTokens: 0 })).toBe(20);
    expect(microBatchMs(cost, { localMs: 0, shardedMs: 1, shardedTokens: 4 })).toBe(27);
  });
});
