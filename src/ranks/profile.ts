/**
 * The cost model of a grid: measured on the actual ranks (Skrull's offline profiling), or estimated from the sizes of the
 * network where two runs must schedule alike. A profile holds for the grid whose fingerprint it carries and no other.
 */

import { cpus } from 'node:os';

import { AppError } from '../core/errors.js';
import { Rng } from '../core/rng.js';
import { median } from '../core/statistics.js';
import { type CostModel, attentionFlops, linearFlops } from '../methods/scheduling/cost-model.js';
import { type TimeSample, fitCostModel } from '../methods/scheduling/fit.js';
import { SHARDED } from '../methods/scheduling/plan.js';
import { keyValueWidth } from './kernels.js';
import type { GridOptions, GridWork, RankGrid } from './grid.js';
import type { RankTime } from './messages.js';
import type { StepSequence } from './rows.js';

/** A cost model and what it was made on. Plain JSON. */
export interface GridProfile {
  readonly kind: 'profile' | 'estimate';
  readonly fingerprint: string;
  readonly cost: CostModel;
  /** Mean relative error on the measurements it was fitted to; 0 for an estimate. */
  readonly meanError: number;
}

type GridSettings = Pick<GridOptions, 'architecture' | 'dataParallel' | 'contextParallel' | 'bucketSize' | 'latencyMs'>;

/** What a profile depends on: processor, network, grid and transport. */
export function fingerprintOf(settings: GridSettings): string {
  const { architecture, dataParallel, contextParallel, bucketSize, latencyMs = 0 } = settings;
  const grid = `${dataParallel}x${contextParallel} bucket ${bucketSize} latency ${latencyMs}`;
  return `${cpus()[0]?.model ?? 'unknown'} float32 shared memory ${grid} ${JSON.stringify(architecture)}`;
}

/** @throws AppError 'failed-precondition' if the profile was made for something else */
export function checkProfile(profile: GridProfile, settings: GridSettings): void {
  const expected = fingerprintOf(settings);
  if (profile.fingerprint === expected) return;
  throw new AppError(
    'failed-precondition',
    `The profile was made on '${profile.fingerprint}'; this grid is '${expected}'. Measure it again`,
  );
}

/** Multiplications and additions that a core is taken to make in a millisecond; only ratios matter for schedules. */
const FLOPS_PER_MS = 3e7;
/** Backward counts twice. */
const PASSES = 3;

/** A profile from sizes alone; deterministic. */
export function estimateProfile(settings: GridSettings): GridProfile {
  const { architecture, latencyMs = 0 } = settings;
  const { layers, hidden } = architecture;
  const shape = { hidden, keyValueHidden: keyValueWidth(architecture) };
  const scale = (PASSES * layers) / FLOPS_PER_MS;
  const exchanges = PASSES * layers;
  const cost: CostModel = {
    linearMs: linearFlops(shape) * scale,
    attentionMs: (attentionFlops(shape) / 2) * scale,
    attentionHalfTokens: 64,
    computeMs: 0.3 * layers,
    exchangeMsPerToken: (exchanges * 2 * keyValueWidth(architecture) * 4) / 1e6,
    exchangeMs: exchanges * (0.1 + latencyMs),
    exchangeFloorMs: exchanges * (0.1 + latencyMs),
    microBatchMs: 0.3 * layers,
    stepMs: 1,
  };
  return { kind: 'estimate', fingerprint: fingerprintOf(settings), cost, meanError: 0 };
}

/** How a profile is measured. */
export interface ProfileOptions {
  /** The state that is computed with; the copy after it is overwritten. */
  readonly step: number;
  readonly vocabularySize: number;
  /** Repeats of each measurement; the median counts. 5 unless given. */
  readonly repeats?: number;
}

/** Measures micro-steps of growing length, local and sharded, on the ranks themselves, and fits the cost model. */
export async function profileGrid(
  grid: RankGrid,
  settings: GridSettings,
  { step, vocabularySize, repeats = 5 }: ProfileOptions,
): Promise<GridProfile> {
  const { contextParallel, dataParallel, bucketSize } = settings;
  const rng = new Rng(1);
  const samples: TimeSample[] = [];
  let updateMs = 0;
  const measure = async (kind: TimeSample['kind'], lengths: readonly number[]): Promise<void> => {
    const placement = kind === 'local' ? 0 : SHARDED;
    const sequences = lengths.map((length) => randomSequence(rng, length, vocabularySize));
    const batch = {
      sequences: lengths.map((_, i) => i),
      placements: lengths.map(() => placement),
      predictedMs: 0,
    };
    const work: GridWork = { step, sequences, plan: { microBatches: [[batch], ...emptyGroups(dataParallel - 1)] } };
    const seen: number[] = [];
    // The first run allocates and is not counted.
    for (let i = 0; i <= repeats; i++) {
      const result = await (kind === 'exchange' ? grid.exchange(work) : grid.gradient(work));
      if (i > 0) seen.push(Math.max(...result.times.map(([first]) => totalMs(first))));
      updateMs = result.updateMs || updateMs;
    }
    samples.push({ kind, lengths, ms: median(seen) });
  };
  for (const length of lengthsToMeasure(bucketSize)) {
    await measure('local', [length]);
    if (length * 4 <= bucketSize) await measure('local', [length, length, length, length]);
    if (contextParallel === 1) continue;
    await measure('sharded', [length]);
    await measure('exchange', [length]);
  }
  const { cost: fitted, meanError } = fitCostModel(samples, contextParallel, updateMs);
  // Where noise hides that longer takes longer, sequences are at least balanced by their tokens.
  const cost = fitted.linearMs + fitted.attentionMs > 0 ? fitted : { ...fitted, linearMs: 1e-6 };
  return { kind: 'profile', fingerprint: fingerprintOf(settings), cost, meanError };
}

function emptyGroups(count: number): [][] {
  return Array.from({ length: count }, () => []);
}

/** 32, 64, … up to the bucket, or where measuring would take too long: what is longer follows from the fit. */
function lengthsToMeasure(bucketSize: number): number[] {
  const longest = Math.min(bucketSize, 4096);
  const lengths: number[] = [];
  for (let length = 32; length < longest; length *= 2) lengths.push(length);
  return [...lengths, longest];
}

function randomSequence(rng: Rng, length: number, vocabularySize: number): StepSequence {
  const tokens = Int32Array.from({ length: length + 1 }, () => rng.int(vocabularySize));
  return { tokens, weights: new Float32Array(length + 1).fill(1) };
}

function totalMs(time: RankTime | undefined): number {
  return time === undefined ? 0 : time.localMs + time.waitingMs + time.distributedMs;
}
