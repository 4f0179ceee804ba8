/**
 * Evaluates positions as they look in other symmetries of the board (symmetry.ts in src/go). A network learns the board's
 * symmetries only nearly; a symmetry drawn for each position lets its errors cancel over a search (AlphaGo Zero, "Search
 * algorithm"; KataGo's nnRandomize), and the mean over all eight removes them at eight times the cost.
 *
 * The draw is a function of the position and a seed, nothing else: whichever thread or batch a position is in, it gets the
 * same answer, so games can be played again and an answer from the cache is the one that the network would give.
 */

import { SYMMETRIES } from '../go/symmetry.js';
import { type CacheKey, hashPacked } from './cache.js';
import type { SymmetrySettings } from './config.js';
import { packedBytes } from '../go/packed-position.js';
import { scoreFields } from '../go/scores.js';
import type { AskedPositions, ServingSession } from './serving-session.js';
import { allocateOutputs, type SlotOutputs } from './slots.js';

/** Most turned positions that `all` gives to the network at once, unless one batch has more. */
const ROWS = 64;
/** The smallest probability that keeps its full precision; its logarithm still fits the halves of the wire. */
const LEAST = 1.2e-38;
const [score, scoreStdev] = [scoreFields.indexOf('score'), scoreFields.indexOf('scoreStdev')];

/** Evaluates batches by the settings; keeps memory between them, so calls must not overlap. */
export class SymmetricEvaluation {
  readonly #settings: SymmetrySettings;
  readonly #key: CacheKey = new Uint32Array(3);
  #symmetries = new Uint8Array(0);
  #packed = new Uint8Array(0);
  #turned: SlotOutputs = allocateOutputs(0, 0);

  constructor(settings: SymmetrySettings) {
    this.#settings = settings;
  }

  /** Like `ServingSession.evaluate`. */
  evaluate(session: ServingSession, positions: AskedPositions, outputs: SlotOutputs): Promise<void> {
    const { symmetry } = this.#settings;
    if (symmetry === 'none') return session.evaluate(positions, outputs);
    if (symmetry === 'all') return this.#average(session, positions, outputs);
    return session.evaluate(positions, outputs, this.#draw(positions));
  }

  /** The symmetry of each position [count]; valid until the next call. */
  #draw({ packed, count, size }: AskedPositions): Uint8Array {
    if (this.#symmetries.length < count) this.#symmetries = new Uint8Array(count);
    const words = packedBytes(size) / 4;
    const all = new Int32Array(packed.buffer, packed.byteOffset, count * words);
    for (let i = 0; i < count; i++) {
      hashPacked(all, i * words, words, this.#settings.symmetrySeed, this.#key, 0);
      this.#symmetries[i] = this.#key[0]! % SYMMETRIES;
    }
    return this.#symmetries;
  }

  /**
   * The means over the eight symmetries: of probabilities, not logits, and of the score's distribution, whose spread has
   * then what the eight disagree by in it (as KataGo's averages).
   */
  async #average(session: ServingSession, positions: AskedPositions, outputs: SlotOutputs): Promise<void> {
    const { packed, count, size, ownership } = positions;
    const stride = packedBytes(size);
    const rows = count * SYMMETRIES;
    const most = Math.min(rows, Math.max(ROWS, count));
    this.#reserve(most, size);
    for (const sums of [outputs.policy, outputs.value, outputs.scores, outputs.ownership]) sums.fill(0);
    for (let from = 0; from < rows; from += most) {
      const some = Math.min(most, rows - from);
      // Row r of all is position r mod count in symmetry r / count; they are laid out in runs of one symmetry.
      for (let row = 0; row < some;) {
        const first = (from + row) % count;
        const run = Math.min(count - first, some - row);
        this.#packed.set(packed.subarray(first * stride, (first + run) * stride), row * stride);
        this.#symmetries.fill(Math.floor((from + row) / count), row, row + run);
        row += run;
      }
      const turned = { packed: this.#packed, count: some, size, ownership };
      await session.evaluate(turned, this.#turned, this.#symmetries);
      for (let row = 0; row < some; row++) add(this.#turned, row, outputs, (from + row) % count, positions);
    }
    for (let i = 0; i < outputs.policy.length; i++) outputs.policy[i] = Math.log(Math.max(LEAST, outputs.policy[i]!));
    for (let at = 0; at < outputs.scores.length; at += scoreFields.length) {
      const variance = outputs.scores[at + scoreStdev]! - outputs.scores[at + score]! ** 2;
      outputs.scores[at + scoreStdev] = Math.sqrt(Math.max(0, variance)); // NaN stays NaN
    }
  }

  #reserve(rows: number, size: number): void {
    if (this.#symmetries.length < rows) this.#symmetries = new Uint8Array(rows);
    if (this.#packed.length < rows * packedBytes(size)) this.#packed = new Uint8Array(rows * packedBytes(size));
    const { policy, value } = this.#turned;
    const fits = policy.length >= rows * (size * size + 1) && value.length >= rows * 3;
    if (!fits) this.#turned = allocateOutputs(rows, size);
  }
}

/** Adds an eighth of what is said of row `row` of `turned` to position `position` of `sums`. Overwrites the row's policy. */
function add(
  turned: SlotOutputs,
  row: number,
  sums: SlotOutputs,
  position: number,
  { size, ownership }: AskedPositions,
): void {
  const points = size * size;
  const { policy, value, scores } = turned;
  const from = row * (points + 1);
  let highest = -Infinity;
  for (let i = 0; i <= points; i++) highest = Math.max(highest, policy[from + i]!);
  let total = 0;
  for (let i = 0; i <= points; i++) total += policy[from + i] = Math.exp(policy[from + i]! - highest);
  const to = position * (points + 1);
  for (let i = 0; i <= points; i++) sums.policy[to + i]! += policy[from + i]! / (total * SYMMETRIES);
  for (let i = 0; i < 3; i++) sums.value[3 * position + i]! += value[3 * row + i]! / SYMMETRIES;
  const fields = scoreFields.length;
  // The mean square, of which the spread is made once all are added.
  scores[row * fields + scoreStdev] = scores[row * fields + scoreStdev]! ** 2 + scores[row * fields + score]! ** 2;
  for (let i = 0; i < fields; i++) sums.scores[position * fields + i]! += scores[row * fields + i]! / SYMMETRIES;
  if (!ownership) return;
  for (let i = 0; i < points; i++) {
    sums.ownership[position * points + i]! += turned.ownership[row * points + i]! / SYMMETRIES;
  }
}
