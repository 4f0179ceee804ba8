/** One rank: its share of every command, from the tokens to the new weights. */

import type { Collective } from './collective.js';
import { shareOf } from './collective.js';
import { type AdamWStep, adamWShare } from './adamw.js';
import type { RankCommand, RankResult, RankTime } from './messages.js';
import { MicroStep, type MicroStepInputs } from './micro-step.js';
import { packRank } from './packing.js';
import type { Programs } from './programs.js';
import { fillRows, lengthsOf } from './rows.js';
import type { Stopwatch } from './stopwatch.js';
import { copyOfStep, type StateMemory } from './training-state.js';

/** What a rank is made of. */
export interface RankParts {
  readonly programs: Programs;
  readonly state: StateMemory;
  /** All ranks of the grid. */
  readonly world: Collective;
  /** The ranks that share sequences with this one. */
  readonly group: Collective;
  readonly watch: Stopwatch;
}

/** Elements of the gradient in one exchange. */
export const GRADIENT_BLOCK = 1 << 18;

/** Carries out commands, one at a time. */
export class Rank {
  readonly #parts: RankParts;
  readonly #microStep: MicroStep;
  /** The step whose weights the programs hold. */
  #loaded = -1;

  constructor(parts: RankParts) {
    this.#parts = parts;
    this.#microStep = new MicroStep(parts.programs, parts.group, parts.watch);
  }

  async run(command: RankCommand): Promise<RankResult> {
    this.#load(command.step);
    const { loss: mine, times } = await this.#microSteps(command);
    const started = performance.now();
    if (command.kind === 'evaluate' || command.kind === 'exchange')
      return { ...(await this.#sum(mine, 0)), times, updateMs: 0 };
    const shares = await this.#reduce();
    const { loss, gradientNorm } = await this.#sum(mine, squareSum(shares));
    if (command.kind === 'train') this.#update(command, shares, gradientNorm);
    else this.#writeGradient(command.step, shares);
    await this.#parts.world.barrier();
    return { loss, gradientNorm, times, updateMs: performance.now() - started };
  }

  #load(step: number): void {
    if (this.#loaded === step) return;
    this.#parts.programs.setWeights(copyOfStep(this.#parts.state, step).weights);
    this.#loaded = step;
  }

  async #microSteps(command: RankCommand): Promise<{ loss: number; times: RankTime[] }> {
    const { programs, group, watch } = this.#parts;
    const lengths = lengthsOf(command.sequences);
    const times: RankTime[] = [];
    let loss = 0;
    if (command.kind === 'train' || command.kind === 'gradient') programs.clearGradients();
    for (const batch of command.microBatches) {
      watch.begin('local');
      const packing = packRank(batch, lengths, group.size, group.rank);
      const rows = fillRows(packing, command.sequences);
      const inputs = { packing, rows, normaliser: command.normaliser };
      loss += await this.#runMicroStep(command.kind, inputs);
      const { totals, spans } = watch.take();
      times.push({
        localMs: totals.local,
        waitingMs: totals.waiting,
        distributedMs: totals.distributed,
        tokens: packing.rows,
        spans,
      });
    }
    return { loss, times };
  }

  async #runMicroStep(kind: RankCommand['kind'], inputs: MicroStepInputs): Promise<number> {
    switch (kind) {
      case 'train':
      case 'gradient':
        return this.#microStep.train(inputs);
      case 'evaluate':
        return this.#microStep.evaluate(inputs);
      case 'exchange':
        await this.#microStep.exchange(inputs.packing);
        return 0;
    }
  }

  /** Sums the gradient over the grid; each rank gets its share of every block. */
  async #reduce(): Promise<Share[]> {
    const { world, programs } = this.#parts;
    const { gradient } = programs;
    const shares: Share[] = [];
    for (let first = 0; first < gradient.length; first += GRADIENT_BLOCK) {
      const block = gradient.subarray(first, Math.min(gradient.length, first + GRADIENT_BLOCK));
      const ranges = Array.from({ length: world.size }, (_, rank) => shareOf(block.length, world.size, rank));
      const values = await world.reduceScatterV(ranges.map(({ start, end }) => block.subarray(start, end))).wait();
      const { start, end } = ranges[world.rank]!;
      shares.push({ start: first + start, end: first + end, values });
    }
    return shares;
  }

  async #sum(loss: number, squares: number): Promise<{ loss: number; gradientNorm: number }> {
    const sums = Float32Array.of(loss, squares);
    await this.#parts.world.allReduce(sums);
    return { loss: sums[0]!, gradientNorm: Math.sqrt(sums[1]!) };
  }

  #update(
    { step, optimizer, clipNorm }: Extract<RankCommand, { kind: 'train' }>,
    shares: readonly Share[],
    norm: number,
  ): void {
    const { state } = this.#parts;
    const scale = clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
    const settings: AdamWStep = { ...optimizer, scale };
    const [from, to] = [copyOfStep(state, step), copyOfStep(state, step + 1)];
    for (const { values, ...range } of shares) adamWShare(state.layout, from, to, values, range, settings);
  }

  #writeGradient(step: number, shares: readonly Share[]): void {
    const { weights } = copyOfStep(this.#parts.state, step + 1);
    for (const { start, values } of shares) weights.set(values, start);
  }
}

interface Share {
  readonly start: number;
  readonly end: number;
  readonly values: Float32Array;
}

function squareSum(shares: readonly Share[]): number {
  let sum = 0;
  // By index: an iterator over millions of numbers is many times slower once the compiler gives up on it.
  for (const { values } of shares) for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}
