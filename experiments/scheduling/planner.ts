/**
 * Level `planner`: constraints in random cases, how long planning takes, and how far the plans are from the optimum of the
 * cost model on cases that are small enough to try everything.
 */

import { Rng } from '../../src/core/rng.js';
import { batchMs } from '../../src/methods/scheduling/batch-state.js';
import type { CostModel } from '../../src/methods/scheduling/cost-model.js';
import { dacp } from '../../src/methods/scheduling/dacp.js';
import { ascending, balance, fewestMicroBatches, interleave, placeByDacp } from '../../src/methods/scheduling/gds.js';
import { planStep } from '../../src/methods/scheduling/plan-step.js';
import { SHARDED, schedulingPolicies, type Cluster } from '../../src/methods/scheduling/plan.js';
import { refinedDacp } from '../../src/methods/scheduling/refine.js';
import { longestSequence } from '../../src/methods/scheduling/validate.js';
import { quantile } from '../../bench/shared/statistics.js';
import { optimalBatchMs, optimalStepMs } from './exhaustive.js';
import { gpuCluster, paperSettings } from './gpus.js';
import { lengthNames, sampleLength, type LengthName } from './lengths.js';
import { violationsOf } from './violations.js';

/** One layer forward of Qwen2.5-0.5B at 400 TFLOP/s, 20 µs a launch, 50 µs an exchange. */
const layerCost: CostModel = {
  linearMs: 4.128768e-5,
  attentionMs: 8.96e-9,
  attentionHalfTokens: 0,
  computeMs: 0.02,
  exchangeMsPerToken: 3.2768e-6,
  exchangeMs: 0.05,
  exchangeFloorMs: 0,
  microBatchMs: 0,
  stepMs: 0,
};

function draw(name: LengthName, rng: Rng, count: number, options: { longest: number; shrink?: number }): number[] {
  return Array.from({ length: count }, () => sampleLength(name, rng, options));
}

/** Plans of random batches on random clusters by every policy in turn, checked from the plan alone. */
function checkConstraints(cases: number, rng: Rng): Record<string, number> {
  let [violations, refusedWithRoom, refusedByRounding, refinedSlower] = [0, 0, 0, 0];
  for (let i = 0; i < cases; i++) {
    const cost = { ...layerCost, attentionHalfTokens: rng.int(2) * 256, microBatchMs: rng.int(2) * rng.float() };
    const cluster: Cluster = {
      dataParallel: 1 + rng.int(8),
      contextParallel: 1 + rng.int(16),
      bucketSize: 64 << rng.int(10),
      cost,
      gatheredShare: rng.int(4) === 0 ? 0.01 : 0,
    };
    const options = { longest: longestSequence(cluster), shrink: 1 << rng.int(6) };
    const lengths = draw(lengthNames[rng.int(lengthNames.length)]!, rng, 1 + rng.int(96), options);
    const policy = schedulingPolicies[i % schedulingPolicies.length]!;
    const plan = planStep(policy, lengths, cluster, { rollBack: rng.int(8) > 0, microBatch: 1 + rng.int(8) });
    violations += violationsOf(plan, lengths, cluster).length;
    if (policy === 'skrull-refined') {
      const plain = planStep('skrull', lengths, cluster);
      const refined = planStep('skrull-refined', lengths, cluster);
      if (refined.predictedMs > plain.predictedMs * (1 + 1e-9)) refinedSlower++;
    }
    const { contextParallel: ranks, bucketSize } = cluster;
    const free = bucketSize * ranks - lengths.reduce((a, b) => a + b, 0);
    if (free < 0 || dacp(ascending(lengths), lengths, { ...cluster, gatheredShare: 0 })) continue;
    // Shards are whole tokens: a rank may hold one more of each sequence than its share.
    if (free >= lengths.length * (ranks - 1)) refusedWithRoom++;
    else refusedByRounding++;
  }
  return {
    violations: violations + refusedWithRoom + refinedSlower,
    refusedWithRoom,
    refusedByRounding,
    refinedSlower,
  };
}

/** Each plan is timed so many times; the fastest counts where other processes are not to. */
const REPEATS = 3;

/** Times of single plans, 256 sequences on 4 × 8 ranks, ms. `WallMs` counts the first run, whatever else the cores did. */
function timePlans(plans: number, rng: Rng): Record<string, number> {
  const found: Record<string, number> = {};
  const all: number[] = [];
  for (const policy of ['skrull', 'skrull-refined'] as const) {
    for (const setting of paperSettings.slice(0, 3)) {
      const cluster = gpuCluster(setting);
      const [fastest, first]: [number[], number[]] = [[], []];
      // The first ones warm the compiler up.
      for (let i = -Math.min(200, plans); i < plans; i++) {
        const lengths = draw(setting.lengths, rng, 256, { longest: longestSequence(cluster) });
        const times = Array.from({ length: REPEATS }, () => {
          const start = performance.now();
          planStep(policy, lengths, cluster);
          return performance.now() - start;
        });
        if (i < 0) continue;
        fastest.push(Math.min(...times));
        first.push(times[0]!);
      }
      if (policy === 'skrull') all.push(...fastest);
      const name = `${policy} ${setting.lengths}`;
      found[`${name} planP50Ms`] = quantile(fastest, 0.5);
      found[`${name} planP99Ms`] = quantile(fastest, 0.99);
      found[`${name} planP99WallMs`] = quantile(first, 0.99);
    }
  }
  return { planP99Ms: quantile(all, 0.99), ...found };
}

/** Ratios to the least T_DACP of single micro-batches. */
function compareBatches(cases: number, rng: Rng): Record<string, number> {
  const found: Record<string, number> = {};
  let worst = 0;
  for (const name of ['wikipedia', 'chatqa2'] as const) {
    for (const [count, ranks] of [
      [7, 4],
      [10, 2],
      [6, 8],
    ] as const) {
      const cluster = { dataParallel: 1, contextParallel: ranks, bucketSize: 26_624, cost: layerCost };
      const ratios: Record<'dacp' | 'shardAll' | 'refined', number[]> = { dacp: [], shardAll: [], refined: [] };
      while (ratios.dacp.length < cases) {
        const lengths = draw(name, rng, count, { longest: 26_624 * ranks });
        const sequences = ascending(lengths);
        const plain = dacp(sequences, lengths, cluster);
        const refined = refinedDacp(sequences, lengths, cluster, {});
        const sharded = new Int16Array(count).fill(SHARDED);
        if (!plain || !refined) continue;
        const best = optimalBatchMs(lengths, cluster);
        const ratio = (placements: Int16Array): number => batchMs({ sequences, placements }, lengths, cluster) / best;
        ratios.dacp.push(ratio(plain));
        ratios.refined.push(ratio(refined));
        ratios.shardAll.push(ratio(sharded));
      }
      for (const [what, values] of Object.entries(ratios)) {
        found[`${name} ${count} on ${ranks}: ${what}OverOptimum`] = quantile(values, 0.5);
        found[`${name} ${count} on ${ranks}: ${what}OverOptimumP90`] = quantile(values, 0.9);
      }
      worst = Math.max(worst, quantile(ratios.refined, 0.5));
    }
  }
  return { refinedOverOptimum: worst, ...found };
}

/** Ratios to the least time of whole steps (Eq. 8): 8 sequences on 2 × 2 ranks that need several micro-batches. */
function compareSteps(cases: number, rng: Rng): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of ['wikipedia', 'chatqa2'] as const) {
    const bucketSize = name === 'wikipedia' ? 512 : 8192;
    const cluster = { dataParallel: 2, contextParallel: 2, bucketSize, cost: layerCost };
    const ratios: Record<'skrull' | 'skrull-refined', number[]> = { skrull: [], 'skrull-refined': [] };
    for (let i = 0; i < cases; i++) {
      const lengths = draw(name, rng, 8, { longest: 2 * bucketSize });
      const best = optimalStepMs(lengths, cluster);
      for (const policy of ['skrull', 'skrull-refined'] as const)
        ratios[policy].push(planStep(policy, lengths, cluster).predictedMs / best);
    }
    for (const [policy, values] of Object.entries(ratios)) {
      found[`${name} step: ${policy}OverOptimum`] = quantile(values, 0.5);
      found[`${name} step: ${policy}OverOptimumP90`] = quantile(values, 0.9);
    }
  }
  return found;
}

/** The paper's Table 3: what happens without roll-back to steps whose micro-batches are as few as with it. */
function compareRollBack(cases: number, rng: Rng): Record<string, number> {
  const cluster = { dataParallel: 1, contextParallel: 8, bucketSize: 26_624, cost: layerCost };
  let [outOfMemory, microBatches, withoutRollBack] = [0, 0, 0];
  for (let i = 0; i < cases; i++) {
    const lengths = draw('chatqa2', rng, 64, { longest: longestSequence(cluster) });
    const [bin] = balance(lengths, cluster);
    const count = fewestMicroBatches(bin!, lengths, cluster, placeByDacp(lengths, cluster, {})).length;
    const place = placeByDacp(lengths, cluster, { rollBack: false });
    if (!interleave(bin!, count, place)) outOfMemory++;
    microBatches += count;
    withoutRollBack += fewestMicroBatches(bin!, lengths, cluster, place).length;
  }
  return {
    'chatqa2 out of memory without roll-back': outOfMemory / cases,
    'chatqa2 micro-batches': microBatches / cases,
    'chatqa2 micro-batches without roll-back': withoutRollBack / cases,
  };
}

/** How much is measured. */
export interface PlannerRun {
  /** Random cases whose constraints are checked. */
  readonly cases: number;
  /** Plans timed for each data set and policy. */
  readonly plans: number;
  readonly seed: number;
  /** Cases for each comparison with the optimum. */
  readonly compared?: number;
}

/** Runs the level. Keys: planP99Ms (Skrull, the three data sets together), violations, refinedOverOptimum (median of the worst shape). */
export function runPlanner({ cases, plans, seed, compared = 150 }: PlannerRun): Record<string, number> {
  const rng = new Rng(seed);
  return {
    cases,
    ...timePlans(plans, rng.fork(1)),
    ...checkConstraints(cases, rng.fork(2)),
    ...compareBatches(compared, rng.fork(3)),
    ...compareSteps(compared, rng.fork(4)),
    ...compareRollBack(2 * compared, rng.fork(5)),
  };
}
