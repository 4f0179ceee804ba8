/**
 * Which runs a comparison is made of, and in what order. With a rate that falls to zero every arm is trained to the end of
 * its own schedules: the shortest that ends at or below what the network from scratch ends with is its cost. With a constant
 * rate, whose end is anywhere, it is the steps to that loss.
 */

import type { AnyArchitecture } from '../../src/nn/model-file.js';
import { arms } from './arms.js';
import { bestRate, lastLoss, pointsOf, rateOf, targetLoss } from './report.js';
import { readRuns, type RunKey, type Schedule } from './lines.js';
import type { Runs, SourceArm } from './runs.js';
import { lengthsOf, nextLength, TUNING } from './schedules.js';
import type { Subject } from './subject.js';

/** Which arms and seeds; what the results hold already is not made again. */
export interface Wanted {
  readonly schedule: Schedule;
  readonly arms: readonly string[];
  readonly seeds: number;
}

/** Makes the runs, seed after seed. */
export async function makeRuns<A extends AnyArchitecture>(
  runs: Runs<A>,
  subject: Subject<A>,
  { schedule, arms: wanted, seeds }: Wanted,
): Promise<void> {
  const experiment = schedule === 'decay' ? new Decaying(runs, subject) : new Constant(runs, subject);
  if (subject.ratesOf === undefined) await experiment.tune(wanted);
  for (let seed = 1; seed <= seeds; seed++) {
    for (const arm of ['scratch', ...wanted]) await experiment.make(arm, seed);
  }
}

/** A way of comparing. */
abstract class Experiment<A extends AnyArchitecture> {
  protected readonly runs: Runs<A>;
  protected readonly subject: Subject<A>;

  constructor(runs: Runs<A>, subject: Subject<A>) {
    this.runs = runs;
    this.subject = subject;
  }

  /** Chooses the learning rates. */
  abstract tune(wanted: readonly string[]): Promise<void>;
  abstract make(arm: string, seed: number): Promise<void>;

  /** Steps of the small network that cost as much as one of the target. */
  protected get smallSteps(): number {
    return this.subject.forwardCost(this.subject.target) / this.subject.forwardCost(this.subject.small);
  }

  protected sourceArm(arm: string): SourceArm {
    return arms[arm]!.from === 'shallow' ? 'shallow-source' : 'small-source';
  }
}

class Constant<A extends AnyArchitecture> extends Experiment<A> {
  async tune(): Promise<void> {
    for (const learningRate of this.subject.learningRates) await this.runs.run(this.#key('scratch', 1, learningRate));
  }

  /** Every arm, the sources too, has the rate that is best from scratch. */
  async make(arm: string, seed: number): Promise<void> {
    const lines = readRuns(this.subject.name);
    const learningRate = bestRate(lines, 'scratch', 'constant');
    const key = this.#key(arm, seed, learningRate);
    const source = this.runs.sourceKey(this.sourceArm(arm), seed, 'constant', learningRate);
    const until = arm === 'scratch' ? undefined : targetLoss(lines, seed, 'constant');
    await this.runs.run(key, source, until);
  }

  #key(arm: string, seed: number, learningRate: number): RunKey {
    const steps = this.subject.lengths.constant.target;
    // The small network, trained on, gets what the target from scratch gets.
    const own = arm === 'small' ? Math.floor(steps * this.smallSteps) : steps;
    return { arm, seed, learningRate, schedule: 'constant', steps: own };
  }
}

class Decaying<A extends AnyArchitecture> extends Experiment<A> {
  get #steps(): number {
    return this.subject.lengths.decay.target;
  }

  async tune(wanted: readonly string[]): Promise<void> {
    for (const source of new Set(wanted.map((arm) => this.sourceArm(arm)))) {
      await this.#descend(async (rate) => {
        return lastLoss((await this.runs.source(this.runs.sourceKey(source, 1, 'decay', rate))).curve, 'decay');
      });
    }
    for (const arm of ['scratch', ...wanted.filter((name) => arms[name]!.rateOf === undefined)]) {
      const steps = arm === 'scratch' ? this.#steps : TUNING * this.#steps;
      await this.#descend(async (learningRate) => {
        const key = { arm, seed: 1, learningRate, schedule: 'decay', steps } as const;
        return lastLoss((await this.runs.run(key, this.#source(arm, 1))).curve, 'decay');
      });
    }
  }

  async make(arm: string, seed: number): Promise<void> {
    const { name } = this.subject;
    const lines = readRuns(name);
    const key = { arm, seed, learningRate: this.#rateOf(arm), schedule: 'decay' } as const;
    if (arm === 'scratch') {
      await this.runs.run({ ...key, steps: this.#steps });
      return;
    }
    const most = this.#steps * (arm === 'small' ? this.smallSteps : 1);
    const loss = targetLoss(lines, seed, 'decay');
    // What sufficed with the last seed is tried first.
    const last = pointsOf(lines, { ...key, seed: seed - 1 });
    const first = last.find(([, end]) => end <= targetLoss(lines, seed - 1, 'decay'))?.[0] ?? Math.round(TUNING * most);
    for (;;) {
      const points = pointsOf(readRuns(name), key);
      const steps = nextLength(points, loss, lengthsOf(most), first);
      if (steps === undefined) return;
      await this.runs.run({ ...key, steps }, this.#source(arm, seed));
    }
  }

  #source(arm: string, seed: number): RunKey {
    const source = this.sourceArm(arm);
    return this.runs.sourceKey(source, seed, 'decay', this.#rateOf(source));
  }

  #rateOf(arm: string): number {
    return rateOf(readRuns(this.subject.ratesOf ?? this.subject.name), arm, 'decay');
  }

  /** Tries rates from the middle one as long as they get better: the loss has one valley. */
  async #descend(lossAt: (learningRate: number) => Promise<number>): Promise<void> {
    const rates = this.subject.learningRates;
    const middle = Math.floor(rates.length / 2);
    const least = await lossAt(rates[middle]!);
    const follow = async (by: number): Promise<boolean> => {
      let best = least;
      for (let at = middle + by; at in rates; at += by) {
        const loss = await lossAt(rates[at]!);
        if (loss >= best) break;
        best = loss;
      }
      return best < least;
    };
    if (!(await follow(1))) await follow(-1);
  }
}
