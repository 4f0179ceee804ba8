/**
 * DACP-R, our refinement of DACP and GDS; not in the paper. "Avoid sharding first" leaves ranks idle beside one that has a
 * long sequence for itself. Here the cost model decides: from Alg. 1's placements, and from the best division into long
 * sequences that are sharded and short ones that are local, single moves are made as long as T_DACP falls.
 */

import { BatchState, batchMs } from './batch-state.js';
import { dacp } from './dacp.js';
import { fewestMicroBatches, interleave, placeByDacp, type PlacedBatch } from './gds.js';
import { SHARDED, type Cluster, type SchedulingOptions } from './plan.js';

/** Longest local sequences of the critical rank, and shortest sharded ones, whose moves are tried. */
const CANDIDATES = 4;
/** A move has to save this share of the time, so that rounding does not count as progress. */
const LEAST_GAIN = 1e-9;
const MOST_MOVES = 512;
/** Micro-batches beyond the fewest that are tried. */
const MORE_BATCHES = 2;

/**
 * GDS for one bin with refined placements: Skrull's number of micro-batches, or more as long as the time falls. Never
 * slower than Skrull under the model, whose own division is the first one tried.
 */
export function refinedGds(
  bin: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: SchedulingOptions,
): readonly PlacedBatch[] {
  const place = (sequences: Int32Array): Int16Array | undefined => refinedDacp(sequences, lengths, cluster, options);
  const fewest = fewestMicroBatches(bin, lengths, cluster, placeByDacp(lengths, cluster, options)).length;
  let [best, bestMs]: [readonly PlacedBatch[], number] = [[], Infinity];
  for (let count = fewest; count <= Math.min(bin.length, fewest + MORE_BATCHES); count++) {
    const batches = interleave(bin, count, place);
    const ms = batches?.reduce((sum, batch) => sum + batchMs(batch, lengths, cluster), 0) ?? Infinity;
    if (!batches || ms >= bestMs) break;
    [best, bestMs] = [batches, ms];
  }
  return best;
}

/**
 * Placements of a micro-batch, never slower under the model than those of `dacp` or everything sharded; undefined where
 * neither fits.
 *
 * @param sequences indices into `lengths`, from short to long
 */
export function refinedDacp(
  sequences: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: SchedulingOptions,
): Int16Array | undefined {
  const own = Float64Array.from(sequences, (sequence) => lengths[sequence]!);
  const state = new BatchState(own, cluster);
  const starts = [dacp(sequences, lengths, cluster, options), bestDivision(state)];
  let [best, bestMs]: [Int16Array | undefined, number] = [undefined, Infinity];
  for (const start of starts) {
    if (!start) continue;
    state.clear();
    for (let i = 0; i < start.length; i++) state.move(i, start[i]!);
    descend(state);
    const ms = state.ms();
    if (ms < bestMs) [best, bestMs] = [state.placements.slice(), ms];
  }
  return best;
}

/**
 * Of the placements in which the longest sequences are sharded and the others local, the longest first to the rank with
 * least, the fastest that fits; one of them is everything sharded.
 */
function bestDivision(state: BatchState): Int16Array | undefined {
  const count = state.placements.length;
  let [best, bestMs]: [Int16Array | undefined, number] = [undefined, Infinity];
  // Every division of a small micro-batch; in a large one the steps grow with the number of local sequences.
  for (let local = 0; local <= count; local += 1 + (local >> 3)) {
    state.clear();
    for (let i = local; i < count; i++) state.move(i, SHARDED);
    for (let i = local - 1; i >= 0; i--) state.move(i, state.leastLoaded());
    const ms = state.ms();
    if (ms < bestMs && state.fits()) [best, bestMs] = [state.placements.slice(), ms];
  }
  return best;
}

/** Makes the best of the tried moves until none helps; at most 2K, and in a very large micro-batch fewer. */
function descend(state: BatchState): void {
  for (let moves = Math.min(2 * state.placements.length, MOST_MOVES); moves > 0; moves--) {
    let [bestMs, bestIndex, bestPlace] = [state.ms() * (1 - LEAST_GAIN), -1, 0];
    for (const i of candidates(state)) {
      const from = state.placements[i]!;
      // Of the ranks, the one with least compute is best for the time, and the one with most room where that is full.
      for (const place of [SHARDED, state.leastLoaded(), state.roomiest()]) {
        if (place === from) continue;
        state.move(i, place);
        const ms = state.ms();
        if (ms < bestMs && state.fits()) [bestMs, bestIndex, bestPlace] = [ms, i, place];
        state.move(i, from);
      }
    }
    if (bestIndex < 0) return;
    state.move(bestIndex, bestPlace);
  }
}

/** The longest local sequences of the critical rank and the shortest sharded ones; they are sorted from short to long. */
function candidates(state: BatchState): number[] {
  const { placements } = state;
  const critical = state.mostLoaded();
  const found: number[] = [];
  for (let i = placements.length - 1; i >= 0 && found.length < CANDIDATES; i--) {
    if (placements[i] === critical) found.push(i);
  }
  const most = found.length + CANDIDATES;
  for (let i = 0; i < placements.length && found.length < most; i++) {
    if (placements[i] === SHARDED) found.push(i);
  }
  return found;
}
