/**
 * The `grow` job: a trained network and data in, the operator's training, a larger network out. There is no checkpoint: all
 * of it is a function of the settings, the source and the data, so a job that was stopped begins again.
 */

import { type AnyArchitecture, decodeAnyModel, encodeModel } from '../../nn/model-file.js';
import { checkGrownLoss, growthFigures, lineageText, sizesOf } from '../growth/report.js';
import { type Grown, growNetwork, type GrowthReport } from '../growth/train-operator.js';
import { type GrowConfig, operatorOf } from './config.js';
import type { GrowDependencies } from './ports.js';
import { readSubject, type Subject } from './subject.js';

/** How a job ended when it did not fail. */
export interface GrowOutcome {
  readonly state: 'done' | 'cancelled';
}

interface Prepared {
  readonly subject: Subject<AnyArchitecture>;
  readonly ref: string;
  readonly sha256: string;
}

export class GrowJob {
  /** Rejects if the job failed. */
  readonly finished: Promise<GrowOutcome>;
  readonly #config: GrowConfig;
  readonly #dependencies: GrowDependencies;
  readonly #abort = new AbortController();
  #resolve!: (outcome: GrowOutcome) => void;
  #reject!: (error: unknown) => void;

  constructor(config: GrowConfig, dependencies: GrowDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only starts the job hears of a failure there.
    this.finished.catch(() => undefined);
  }

  /** Reads the source and the data, and begins. Rejects if it cannot, or is stopped before. */
  async start(): Promise<void> {
    try {
      const prepared = await this.#prepare();
      void this.#run(prepared);
    } catch (error) {
      if (this.#abort.signal.aborted) this.#resolve({ state: 'cancelled' });
      else this.#reject(error);
      throw error;
    }
  }

  /** Stops while the data is read, or after the step under way; nothing is written. */
  cancel(): void {
    this.#abort.abort();
  }

  async #prepare(): Promise<Prepared> {
    const { ref, sha256, bytes } = await this.#dependencies.source(this.#config.source);
    const name = ref.split('@')[0]!;
    const sources = { ...this.#dependencies, signal: this.#abort.signal };
    const subject = await readSubject(decodeAnyModel(bytes), this.#config, sources, name);
    const message = `${ref} grows from ${sizesOf(subject.source.architecture)} to ${sizesOf(subject.target)}`;
    this.#dependencies.progress({ event: 'state', metrics: subject.figures, message });
    return { subject, ref, sha256 };
  }

  async #run(prepared: Prepared): Promise<void> {
    const engine = this.#dependencies.openEngine();
    const { signal } = this.#abort;
    try {
      const { subject } = prepared;
      const { seed, learningRate, operatorSteps: steps } = this.#config;
      const settings = operatorOf(this.#config);
      const grown = await growNetwork(
        engine,
        { ...subject, settings, seed, steps, learningRate },
        {
          signal,
          onStep: ({ step, loss }) =>
            this.#dependencies.progress({ event: 'train', metrics: { step, loss, steps }, message: '' }),
        },
      );
      signal.throwIfAborted();
      this.#report(subject, grown.report);
      const { method, maxLossIncrease: most } = this.#config;
      checkGrownLoss(grown.report, { method, most, setting: 'maxLossIncrease' });
      await this.#publish(prepared, grown);
      this.#resolve({ state: 'done' });
    } catch (error) {
      if (signal.aborted) this.#resolve({ state: 'cancelled' });
      else this.#reject(error);
    } finally {
      await engine.close();
    }
  }

  #report({ source, target, plan, forwardCost }: Subject<AnyArchitecture>, report: GrowthReport): void {
    const figures = growthFigures(report, { plan }, forwardCost(target));
    const sourceSteps = Number(source.metadata['step'] ?? 0);
    const metrics = {
      ...figures,
      // Of training the large network until it is as good as the small one, if that takes the steps that the small one took.
      ...(sourceSteps > 0 && { estimatedSaving: 1 - figures['operatorCostSteps']! / sourceSteps }),
    };
    this.#dependencies.progress({ event: 'evaluation', metrics, message: '' });
  }

  async #publish({ subject, ref, sha256 }: Prepared, { weights, report }: Grown): Promise<void> {
    const { source, target, data } = subject;
    const { models } = this.#dependencies;
    const step = Number(source.metadata['step'] ?? 0);
    const { seed, method, learningRate, batchSize } = this.#config;
    const operator = operatorOf(this.#config);
    const lineage = { source: ref, sourceSha256: sha256, method, operator, seed, data, learningRate, batchSize };
    const metadata = { ...source.metadata, grownFrom: lineageText(lineage, report) };
    const grown = await models.put(encodeModel({ architecture: target, weights, metadata }), { step });
    if (this.#config.promote) await models.promote(grown);
    const message = `${grown} was grown from ${ref}${this.#config.promote ? ' and is the model now' : ''}`;
    this.#dependencies.progress({ event: 'promotion', metrics: { step }, message });
  }
}
