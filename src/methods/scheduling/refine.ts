/**
 * DACP-R, our refinement of DACP; not in the paper. "Avoid sharding first" leaves ranks idle beside one that has a long
 * sequence for itself, and shards nothing that would pay. Here the cost model decides: from Alg. 1's placements and from
 * everything sharded, single moves are made as long as T_DACP falls. Never slower than either start under the model.
 */

import { BatchState, batchMs } from './batch-state.js';
import { dacp } from './dacp.js';
import { fewestMicroBatches, interleave, placeByDacp, type PlacedBatch } from './gds.js';
import { SHARDED, type Cluster, type PolicyOptions } from './plan.js';

/** Longest local sequences of the critical rank, and shortest sharded ones, whose moves are tried. */
const CANDIDATES = 4;
/** A move has to save this share of the time, so that rounding does not count as progress. */
const LEAST_GAIN = 1e-9;

/**
 * Placements of a micro-batch as `dacp` gives them, refined; undefined where not even everything sharded fits.
 *
 * @param sequences indices into `lengths`, from short to long
 */
export function refinedDacp(
  sequences: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: PolicyOptions,
): Int16Array | undefined {
  const own = Float64Array.from(sequences, (sequence) => lengths[sequence]!);
  const starts = [dacp(sequences, lengths, cluster, options), new Int16Array(own.length).fill(SHARDED)];
  let best: BatchState | undefined;
  for (const start of starts) {
    if (!start) continue;
    const state = new BatchState(own, start, cluster);
    if (!state.fits()) continue;
    descend(state, cluster.contextParallel);
    if (!best || state.ms() < best.ms()) best = state;
  }
  return best?.placements;
}

/** Micro-batches beyond the fewest that are tried. */
const MORE_BATCHES = 2;

/**
 * GDS for one bin with refined placements: of the paper's number of micro-batches and a few more, the one that takes least
 * time. The first is Skrull's own division, and refined it is no slower.
 */
export function refinedGds(
  bin: Int32Array,
  lengths: ArrayLike<number>,
  cluster: Cluster,
  options: PolicyOptions,
): readonly PlacedBatch[] {
  const place = (sequences: Int32Array): Int16Array | undefined => refinedDacp(sequences, lengths, cluster, options);
  const fewest = fewestMicroBatches(bin, lengths, cluster, placeByDacp(lengths, cluster, options)).length;
  let [best, bestMs]: [readonly PlacedBatch[], number] = [[], Infinity];
  for (let count = fewest; count <= Math.min(bin.length, fewest + MORE_BATCHES); count++) {
    const batches = interleave(bin, count, place);
    const ms = batches?.reduce((sum, batch) => sum + batchMs(batch, lengths, cluster), 0) ?? Infinity;
    if (batches && ms < bestMs) [best, bestMs] = [batches, ms];
  }
  return best;
}

/** Makes the best of all tried moves until none helps; at most 2K. */
function descend(state: BatchState, ranks: number): void {
  for (let moves = 2 * state.placements.length; moves > 0; moves--) {
    let [bestMs, bestIndex, bestPlace] = [state.ms() * (1 - LEAST_GAIN), -1, 0];
    const tryMove = (i: number, from: number, place: number): void => {
      if (place === from) return;
      state.move(i, place);
      const ms = state.ms();
      if (ms < bestMs && state.fits()) [bestMs, bestIndex, bestPlace] = [ms, i, place];
      state.move(i, from);
    };
    for (const i of candidates(state)) {
      const from = state.placements[i]!;
      for (let place = SHARDED; place < ranks; place++) tryMove(i, from, place);
    }
    if (bestIndex < 0) return;
    state.move(bestIndex, bestPlace);
  }
}

/** The longest local sequences of the critical rank and the shortest sharded ones; they are sorted from short to long. */
function candidates(state: BatchState): number[] {
  const { placements } = state;
  const critical = state.critical();
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
