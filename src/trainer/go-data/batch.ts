/**
 * A batch of training positions: features and targets, everything from the point of view of the side to move.
 */

import type { NamedTensors } from '../../engine/engine.js';
import { BLACK, WHITE } from '../../go/color.js';
import type { FeatureSet } from '../../go/feature-set.js';
import { LAST_MOVES, type Snapshot } from '../../go/snapshot.js';
import { symmetryMap } from '../../go/symmetry.js';
import type { Ending, GameRows } from './game-rows.js';

/** Inputs of a training step; N positions, S points on a side, A = S² + 1 actions. Reused from batch to batch. */
export interface Batch {
  readonly count: number;
  readonly size: number;
  /** What planes and globals mean; P planes, G globals. */
  readonly features: FeatureSet;
  /** [N, P, S, S] */
  readonly planes: Float32Array;
  /** [N, G] */
  readonly globals: Float32Array;
  /** [N, A] probabilities. */
  readonly policy: Float32Array;
  /** [N] 1 where the policy is a target, 0 after a cheap search. */
  readonly policyWeight: Float32Array;
  /** [N, 3] probabilities of win, draw, loss. */
  readonly value: Float32Array;
  /** [N, S²] 1 own, −1 the opponent's. */
  readonly ownership: Float32Array;
  /** [N] points. */
  readonly score: Float32Array;
  /** [N] weight of the position. */
  readonly weight: Float32Array;
}

/** Allocates a batch; the weights of positions are 1. */
export function makeBatch(count: number, size: number, features: FeatureSet): Batch {
  const points = size * size;
  return {
    count,
    size,
    features,
    planes: new Float32Array(count * features.planes * points),
    globals: new Float32Array(count * features.globals),
    policy: new Float32Array(count * (points + 1)),
    policyWeight: new Float32Array(count),
    value: new Float32Array(count * 3),
    ownership: new Float32Array(count * points),
    score: new Float32Array(count),
    weight: new Float32Array(count).fill(1),
  };
}

/** The batch as inputs of a training step, without copying. */
export function batchTensors(batch: Batch): NamedTensors {
  const { count, size, features } = batch;
  return {
    planes: { shape: [count, features.planes, size, size], data: batch.planes },
    globals: { shape: [count, features.globals], data: batch.globals },
    policyTarget: { shape: [count, size * size + 1], data: batch.policy },
    policyWeight: { shape: [count], data: batch.policyWeight },
    valueTarget: { shape: [count, 3], data: batch.value },
    ownershipTarget: { shape: [count, size * size], data: batch.ownership },
    scoreTarget: { shape: [count], data: batch.score },
    weight: { shape: [count], data: batch.weight },
  };
}

/**
 * Writes training position `row` of `game`, seen through one of the eight symmetries, as position `index` of the batch.
 *
 * @param valueMix share of the search's root value in the value target
 */
export function writeRow(
  batch: Batch,
  index: number,
  game: GameRows,
  row: number,
  options: { readonly symmetry: number; readonly valueMix: number },
): void {
  const { size, features, planes, globals } = batch;
  const points = size * size;
  const { symmetry, valueMix } = options;
  const snapshot = snapshotOf(game, row);
  features.write(snapshot, symmetry, planes, index * features.planes * points, globals, index * features.globals);
  const sign = snapshot.toMove === BLACK ? 1 : -1;
  const map = symmetryMap(size, symmetry);
  writePolicy(batch, index, game, row, map);
  writeValue(batch, index, game, row, { sign, mix: valueMix });
  writeEnding(batch, index, game.endings[row]!, { sign, map });
}

/** What the network sees of training position `row` of `game`. */
export function snapshotOf({ size, rules, plies, stones, moves, details }: GameRows, row: number): Snapshot {
  const points = size * size;
  const ply = plies[row]!;
  return {
    size,
    rules,
    stones: stones.subarray(row * points, (row + 1) * points),
    toMove: ply % 2 === 0 ? BLACK : WHITE,
    lastMoves: lastMoves(moves, ply),
    ...details[row]!,
  };
}

/** Mean entropy of the policy targets in nats: what the policy loss cannot fall below. */
export function policyTargetEntropy({ policy, policyWeight, count }: Batch): number {
  const actions = policy.length / count;
  let entropy = 0;
  let weight = 0;
  for (let index = 0; index < count; index++) {
    if (policyWeight[index] === 0) continue;
    weight++;
    for (let i = index * actions; i < (index + 1) * actions; i++) {
      const p = policy[i]!;
      if (p > 0) entropy -= p * Math.log(p);
    }
  }
  return weight === 0 ? 0 : entropy / weight;
}

function lastMoves(moves: readonly number[], ply: number): number[] {
  const last: number[] = [];
  for (let i = ply - 1; i >= 0 && last.length < LAST_MOVES; i--) last.push(moves[i]!);
  return last;
}

function writePolicy(batch: Batch, index: number, game: GameRows, row: number, map: Int32Array): void {
  const actions = batch.size * batch.size + 1;
  const { policy, full } = game.searches[row]!;
  const offset = index * actions;
  batch.policy.fill(0, offset, offset + actions);
  batch.policyWeight[index] = full ? 1 : 0;
  let total = 0;
  for (let i = 1; i < policy.length; i += 2) total += policy[i]!;
  // Rounding to 1/65535 leaves the sum a little off 1.
  for (let i = 0; i < policy.length; i += 2) batch.policy[offset + map[policy[i]!]!] = policy[i + 1]! / total;
}

/** Win, draw, loss by the label, mixed with those of the search value in [−1, 1], all for the side to move. */
function writeValue(
  { value }: Batch,
  index: number,
  { wins, draws, searches }: GameRows,
  row: number,
  { sign, mix }: { readonly sign: number; readonly mix: number },
): void {
  const keep = 1 - mix;
  const searchValue = searches[row]!.value;
  const [black, draw] = [wins[row]!, draws[row]!];
  const white = Math.max(0, 1 - black - draw);
  value[3 * index] = keep * (sign > 0 ? black : white) + mix * ((1 + searchValue) / 2);
  value[3 * index + 1] = keep * draw;
  value[3 * index + 2] = keep * (sign > 0 ? white : black) + mix * ((1 - searchValue) / 2);
}

/** Score and ownership: the means of all games through the position. */
function writeEnding(
  { ownership, score }: Batch,
  index: number,
  endings: readonly Ending[],
  { sign, map }: { readonly sign: number; readonly map: Int32Array },
): void {
  const points = map.length - 1;
  const share = sign / endings.length;
  const own = ownership.subarray(index * points, (index + 1) * points).fill(0);
  let total = 0;
  for (const { area, score: points } of endings) {
    total += points;
    for (let point = 0; point < area.length; point++) own[map[point]!]! += share * area[point]!;
  }
  score[index] = share * total;
}
