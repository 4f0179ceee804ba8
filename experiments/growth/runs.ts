/** Makes the runs of a comparison: trains from scratch, trains sources, grows them, and trains what was grown. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { assert } from '../../src/core/errors.js';
import type { Engine } from '../../src/engine/engine.js';
import { type AnyArchitecture, decodeAnyModel, encodeModel, type Weights } from '../../src/nn/model-file.js';
import type { OperatorSettings } from '../../src/methods/growth/settings.js';
import { growNetwork, type GrowthReport } from '../../src/trainer/growth/train-operator.js';
import { arms } from './arms.js';
import { appendRun, isOf, readRuns, type RunKey, type RunLine, type Schedule, sourceFile } from './lines.js';
import type { Subject, SubjectData } from './subject.js';
import { trainNetwork, type TrainingOptions } from './training.js';

/** A backward pass is two forward passes. */
const TRAINING = 3;

/** Sources begin with other weights than the network from scratch of the same seed. */
const SOURCE_SEEDS = 1000;

/** What a network is grown from, as an arm of its own: the network itself is kept in runs/. */
export type SourceArm = 'small-source' | 'shallow-source';

/** Where a run begins. */
interface Start<A> {
  readonly architecture: A;
  readonly weights: Weights;
  readonly growthCost: number;
  readonly sourceCost: number;
  readonly growth?: GrowthReport;
}

/** Makes runs that the results lack. */
export class Runs<A extends AnyArchitecture> {
  readonly #engine: Engine;
  readonly #subject: Subject<A>;
  readonly #data: SubjectData<A>;
  /** The last network grown: runs of several lengths begin with it. */
  #grown: { readonly key: string; readonly start: Start<A> } | undefined;

  constructor(engine: Engine, subject: Subject<A>, data: SubjectData<A>) {
    this.#engine = engine;
    this.#subject = subject;
    this.#data = data;
  }

  /** The source of an arm; a shallow one gets as many multiplications as a small one. */
  sourceKey(arm: SourceArm, seed: number, schedule: Schedule, learningRate: number): RunKey {
    const subject = this.#subject;
    const share =
      arm === 'small-source' ? 1 : subject.forwardCost(subject.small) / subject.forwardCost(subject.shallow);
    return { arm, seed, schedule, learningRate, steps: Math.round(subject.lengths[schedule].small * share) };
  }

  /** Trains a source, unless that was done. */
  async source(key: RunKey): Promise<RunLine> {
    const known = readRuns(this.#subject.name).find((line) => isOf(line, key));
    if (known) return known;
    await this.#trainSource(key);
    return readRuns(this.#subject.name).find((line) => isOf(line, key))!;
  }

  /** Makes a run, unless that was done. `until`: where a run at a constant rate ends. */
  async run(key: RunKey, source?: RunKey, until?: number): Promise<RunLine> {
    const known = readRuns(this.#subject.name).find((line) => isOf(line, key));
    if (known) return known;
    const started = performance.now();
    const start = await this.#start(key, source);
    const { line } = await this.#train(key, start, {
      firstBatch: arms[key.arm]!.from === 'nothing' ? 0 : this.#subject.lengths[key.schedule].small,
      ...(until !== undefined && { until }),
    });
    return this.#append({ ...line, seconds: (performance.now() - started) / 1000 });
  }

  #append(line: RunLine): RunLine {
    appendRun(this.#subject.name, line);
    const { arm, seed, learningRate, curve, seconds } = line;
    const [step, loss] = curve.at(-1)!;
    process.stderr.write(
      `${new Date().toISOString().slice(11, 19)} ${arm} seed ${seed} rate ${learningRate}: ${curve[0]![1].toFixed(3)} to ${loss.toFixed(4)} in ${step} steps, ${seconds.toFixed(0)} s\n`,
    );
    return line;
  }

  async #train(
    key: RunKey,
    { architecture, weights, ...start }: Start<A>,
    options: Pick<TrainingOptions, 'firstBatch' | 'until'>,
  ): Promise<{ readonly line: Omit<RunLine, 'seconds'>; readonly weights: Weights }> {
    const { learningRate, schedule, steps } = key;
    const stepCost = TRAINING * this.#subject.forwardCost(architecture);
    // A smaller network's steps are as many times more.
    const evaluationSteps = Math.round(((schedule === 'decay' ? 250 : 50) * this.#targetStepCost) / stepCost);
    const trained = await trainNetwork(
      this.#engine,
      this.#data.task(key.seed),
      { architecture, weights },
      { learningRate, schedule, steps, evaluationSteps, ...options },
    );
    return { line: { ...key, ...start, curve: trained.curve, stepCost }, weights: trained.weights };
  }

  get #targetStepCost(): number {
    return TRAINING * this.#subject.forwardCost(this.#subject.target);
  }

  async #start(key: RunKey, source?: RunKey): Promise<Start<A>> {
    const { from, settings } = arms[key.arm]!;
    const initial = (architecture: A, seed: number): Start<A> => {
      return { architecture, weights: this.#subject.initial(architecture, seed), growthCost: 0, sourceCost: 0 };
    };
    if (from === 'nothing') return initial(this.#subject.target, key.seed);
    const start =
      from === 'untrained' ? initial(this.#subject.small, key.seed + SOURCE_SEEDS) : await this.#trainedSource(source!);
    return settings === undefined ? start : await this.#grow(key, start, settings);
  }

  async #grow({ arm, seed }: RunKey, source: Start<A>, settings: OperatorSettings): Promise<Start<A>> {
    const key = `${arm} ${seed}`;
    if (this.#grown?.key === key) return this.#grown.start;
    const subject = this.#subject;
    const { target, operatorRate: learningRate } = subject;
    const steps = settings.isTrained ? subject.operatorSteps : 0;
    const { weights, report } = await growNetwork(this.#engine, {
      source,
      target,
      settings,
      steps,
      seed,
      learningRate,
      plan: subject.plan(source.architecture, target, settings.coupling),
      task: this.#data.operatorTask(seed),
    });
    const growthCost = steps * TRAINING * (subject.forwardCost(target) + report.operatorCost) + report.operatorCost;
    const start = { architecture: target, weights, growthCost, sourceCost: source.sourceCost, growth: report };
    this.#grown = { key, start };
    return start;
  }

  async #trainedSource(key: RunKey): Promise<Start<A>> {
    const file = sourceFile(this.#subject.name, key);
    if (!existsSync(file)) await this.#trainSource(key);
    const { weights, ...model } = decodeAnyModel(readFileSync(file));
    const architecture = this.#sourceArchitecture(key);
    assert(model.architecture.kind === architecture.kind, 'the kept source is of another kind');
    const sourceCost = key.steps * TRAINING * this.#subject.forwardCost(architecture);
    return { architecture, weights, growthCost: 0, sourceCost };
  }

  #sourceArchitecture({ arm }: RunKey): A {
    return arm === 'small-source' ? this.#subject.small : this.#subject.shallow;
  }

  async #trainSource(key: RunKey): Promise<void> {
    const started = performance.now();
    const architecture = this.#sourceArchitecture(key);
    const weights = this.#subject.initial(architecture, key.seed + SOURCE_SEEDS);
    const start = { architecture, weights, growthCost: 0, sourceCost: 0 };
    const { weights: trained, line } = await this.#train(key, start, { firstBatch: 0 });
    writeFileSync(sourceFile(this.#subject.name, key), encodeModel({ architecture, weights: trained, metadata: {} }));
    const isKnown = readRuns(this.#subject.name).some((other) => isOf(other, key));
    if (!isKnown) this.#append({ ...line, seconds: (performance.now() - started) / 1000 });
  }
}
