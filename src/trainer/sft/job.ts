/**
 * The `sft` job: samples in, steps on the grid, evaluations, checkpoints and versions out. Everything that a step depends on
 * is a function of the settings, the data and the checkpoint, so a job that was stopped goes on as if it had not been.
 */

import { AppError, assert } from '../../core/errors.js';
import { checkStep } from '../../core/finite.js';
import { quoted } from '../../core/quoted.js';
import type { RankGrid } from '../../ranks/grid.js';
import { fittingTokens } from '../../ranks/memory.js';
import { exportState, exportWeights, makeStateMemory, type StateMemory } from '../../ranks/training-state.js';
import { owned } from '../../threads/messages.js';
import { inOwnThread } from '../../threads/own-thread.js';
import { type HeldThread, threadModule } from '../../threads/pool.js';
import type { MicroStepTime } from '../../store/store.js';
import type { JobKind } from '../harness/job-kind.js';
import type { JobPorts, JobWorld } from '../harness/ports.js';
import { checkLanguageModel } from '../harness/same-architecture.js';
import { type Prepare, SteppedJob, type Steps } from '../harness/stepped-job.js';
import { Batches } from './batches.js';
import { type Best, bestOf, bestTensors } from './best.js';
import { sftCheckpoints, type SftCheckpoint } from './checkpoint.js';
import { readSftConfig, type SftConfig } from './config.js';
import { type LanguageModel, encodeLanguageModel, modelOfState, readLanguageModel } from './language-model.js';
import type * as reading from './read-samples.js';
import { lengthsOf, sampleAt, type SftSamples } from './samples.js';
import { SftTrainer, type SftStep } from './trainer.js';

const reader = threadModule<typeof reading>(import.meta.url, './read-samples.js');

/** What a job is given, and what only tests look at. */
export type SftPorts = Pick<
  JobPorts,
  'model' | 'engine' | 'models' | 'datasets' | 'checkpoints' | 'progress' | 'now'
> & {
  /** Called with every grid that is opened; for tests that make ranks die. */
  readonly onGrid?: (grid: RankGrid) => void;
};

export function sftJob(config: SftConfig, ports: SftPorts): SteppedJob {
  const prepare: Prepare = (bytes, signal) => SftSteps.prepare(config, ports, { bytes, signal });
  return new SteppedJob(prepare, ports.checkpoints, config);
}

export function sftKind(world: JobWorld): JobKind {
  return {
    kind: 'sft',
    readConfig: readSftConfig,
    checkModel: (asked) =>
      checkLanguageModel(world, asked, {
        names: ['layers', 'hidden', 'heads', 'keyValueHeads', 'intermediate', 'tiedHead'],
        ofCheckpoint: (bytes) => sftCheckpoints.decode(bytes).architectureJson,
      }),
    create: (context) => sftJob(readSftConfig(context.config), world.ports(context)),
  };
}

interface Prepared {
  readonly model: Omit<LanguageModel, 'weights'>;
  readonly samples: SftSamples;
  readonly batches: Batches;
  readonly totalSteps: number;
  readonly datasetRef: string;
  readonly state: StateMemory;
  readonly trainer: SftTrainer;
}

class SftSteps implements Steps {
  /** With the bucket size that fits, once the model is known. */
  #config: SftConfig;
  readonly #ports: SftPorts;
  #prepared!: Prepared;
  #tokens = 0;
  #best: Best | undefined;

  /** Reads the data and the checkpoint, and starts the ranks. */
  static async prepare(
    config: SftConfig,
    ports: SftPorts,
    { bytes, signal }: { readonly bytes: Uint8Array | undefined; readonly signal: AbortSignal },
  ): Promise<SftSteps> {
    const steps = new SftSteps(config, ports);
    steps.#prepared = await steps.#prepare(bytes && sftCheckpoints.decode(bytes), signal);
    return steps;
  }

  private constructor(config: SftConfig, ports: SftPorts) {
    this.#config = config;
    this.#ports = ports;
  }

  get step(): number {
    return this.#prepared.trainer.step;
  }

  get steps(): number {
    return this.#prepared.totalSteps;
  }

  async next(): Promise<void> {
    const { trainer, samples, batches, state } = this.#prepared;
    const started = this.#ports.now();
    const made = await trainer.train(batches.batch(trainer.step).map((index) => sampleAt(samples, index)));
    const { loss, gradientNorm } = made.result;
    await checkStep(trainer.step, { loss, gradientNorm }, () => exportWeights(state, trainer.step));
    this.#tokens += made.tokens;
    this.#reportStep(trainer.step, made, this.#ports.now() - started);
  }

  async evaluate(): Promise<void> {
    const { trainer, samples, state } = this.#prepared;
    if (samples.evaluation.length === 0) return;
    const evaluationLoss = await trainer.evaluate(Array.from(samples.evaluation, (index) => sampleAt(samples, index)));
    const { step } = trainer;
    await checkStep(step, { evaluationLoss }, () => exportWeights(state, step));
    if (this.#config.promote === 'best' && !(this.#best && this.#best.loss <= evaluationLoss)) {
      this.#best = { step, loss: evaluationLoss, weights: exportWeights(state, step) };
    }
    this.#ports.progress({ event: 'evaluation', metrics: { step, evaluationLoss }, message: '' });
  }

  checkpoint(): Promise<Uint8Array> {
    const { trainer, state, model, datasetRef } = this.#prepared;
    const bytes = sftCheckpoints.encode({
      step: trainer.step,
      tokens: this.#tokens,
      dataset: datasetRef,
      profile: trainer.profile,
      architectureJson: JSON.stringify(model.architecture),
      metadata: model.metadata,
      ...(this.#best && { best: { step: this.#best.step, loss: this.#best.loss } }),
      tensors: new Map([...exportState(state, trainer.step), ...bestTensors(this.#best)]),
    });
    return Promise.resolve(bytes);
  }

  async publish(): Promise<void> {
    const { trainer, state, model } = this.#prepared;
    const { models } = this.#ports;
    const last = { step: trainer.step, weights: exportWeights(state, trainer.step) };
    const put = ({ weights, step }: Pick<Best, 'step' | 'weights'>): Promise<string> =>
      models.put(encodeLanguageModel(model, weights, step), { step });
    const best = this.#best ?? last;
    // Of a new name the first version that is stored is what the name stands for.
    const bestRef = await put(best);
    const ref = best.step === last.step ? bestRef : await put(last);
    if (this.#config.promote === 'never') {
      this.#state(`${ref} is kept; promote=never leaves the model as it is`, { step: last.step });
      return;
    }
    await models.promote(bestRef);
    const { step } = best;
    this.#ports.progress({ event: 'promotion', metrics: { step }, message: `${bestRef} is the model now` });
  }

  close(): Promise<void> {
    return this.#prepared.trainer.close();
  }

  async #prepare(checkpoint: SftCheckpoint | undefined, signal: AbortSignal): Promise<Prepared> {
    const { datasets, now } = this.#ports;
    const { weights, ...model } = checkpoint ? modelOfCheckpoint(checkpoint) : await this.#readModel();
    this.#fitBucket(model);
    const { ref, bytes: file } = await datasets.read(checkpoint?.dataset ?? this.#config.dataset);
    const samples = await this.#readSamples(file, model, signal);
    this.#reportSamples(samples);
    const { batchSize: size, seed, policy, maxSteps, epochs } = this.#config;
    const batches = new Batches(samples.train, lengthsOf(samples), { size, seed, policy });
    const totalSteps = maxSteps > 0 ? maxSteps : batches.stepsIn(epochs);
    const step = checkpoint?.step ?? 0;
    this.#tokens = checkpoint?.tokens ?? 0;
    this.#best = checkpoint && bestOf(checkpoint.tensors, checkpoint.best);
    const state = makeStateMemory(model.layout, step, checkpoint?.tensors ?? weights);
    const started = now();
    const trainer = await this.#openTrainer({ model, state, step, totalSteps, checkpoint });
    this.#state(`${trainer.profile.kind === 'profile' ? 'Measured' : 'Estimated'} the ranks' times`, {
      profileError: trainer.profile.meanError,
      startMs: now() - started,
    });
    return { model, samples, batches, totalSteps, datasetRef: ref, state, trainer };
  }

  /** The model that the settings name, else the one that is trained if there is one, else a random one. */
  async #readModel(): Promise<LanguageModel> {
    const { base } = this.#config;
    const { model: own, models } = this.#ports;
    const file = await models.read(base === '' ? own : base);
    if (!file && base !== '') throw new AppError('not-found', `There is no model ${quoted(base)} to start from`);
    return readLanguageModel(file?.bytes, this.#config);
  }

  /** @param file given away if no other has its buffer */
  #readSamples(
    file: Uint8Array,
    { metadata, architecture }: Prepared['model'],
    signal: AbortSignal,
  ): Promise<SftSamples> {
    const own = owned(file);
    const args: Parameters<typeof reading.readSamples> = [own, metadata, architecture.vocabulary, this.#config];
    const read = (thread: HeldThread): Promise<SftSamples> =>
      thread.run(reader, 'readSamples', args, { transfer: [own.buffer] });
    return inOwnThread('sft samples', read, signal);
  }

  #fitBucket({ architecture, layout }: Prepared['model']): void {
    const { bucketSize, memoryMegabytes } = this.#config;
    if (bucketSize > 0) return;
    const fitting = fittingTokens(architecture, layout.length, memoryMegabytes * 2 ** 20);
    this.#config = { ...this.#config, bucketSize: fitting };
    this.#state(`A rank holds ${fitting} tokens`, { bucketSize: fitting });
  }

  #openTrainer(parts: {
    readonly model: Prepared['model'];
    readonly state: StateMemory;
    readonly step: number;
    readonly totalSteps: number;
    readonly checkpoint: SftCheckpoint | undefined;
  }): Promise<SftTrainer> {
    const { model, state, step, totalSteps, checkpoint } = parts;
    const { dataParallel, contextParallel, bucketSize, exchangeLatencyMs } = this.#config;
    const { architecture } = model;
    const { engine, onGrid } = this.#ports;
    return SftTrainer.open({
      config: this.#config,
      grid: { dataParallel, contextParallel, bucketSize, engine, architecture, latencyMs: exchangeLatencyMs },
      state,
      step,
      totalSteps,
      ...(checkpoint && { profile: checkpoint.profile }),
      ...(onGrid && { onGrid }),
      repeated: (reason) => this.#state(`${reason}; the step is repeated`),
    });
  }

  #reportSamples({ train, evaluation, malformedLines, skippedLines, refused }: SftSamples): void {
    const counts = { samples: train.length, evaluationSamples: evaluation.length };
    this.#state(refused, { ...counts, malformedLines, skippedLines });
  }

  #reportStep(step: number, made: SftStep, stepMs: number): void {
    const { result, plan, learningRate, planMs, tokens, shardedTokens, microSteps } = made;
    const times: MicroStepTime[] = result.times.flatMap((ofRank, rank) =>
      ofRank.map(({ localMs, waitingMs, distributedMs, tokens: held }, microStep) => {
        return { rank, microStep, localMs, waitingMs, distributedMs, tokens: held };
      }),
    );
    const metrics = {
      step,
      loss: result.loss,
      learningRate,
      gradientNorm: result.gradientNorm,
      tokens: this.#tokens,
      microSteps,
      shardedShare: shardedTokens / tokens,
      stepMs,
      planMs,
      predictedMs: plan.predictedMs,
      updateMs: result.updateMs,
      tokensPerSecond: stepMs > 0 ? (1000 * tokens) / stepMs : 0,
    };
    this.#ports.progress({ event: 'train', metrics, message: '', times });
  }

  #state(message: string, metrics: Readonly<Record<string, number>> = {}): void {
    this.#ports.progress({ event: 'state', metrics, message });
  }
}

function modelOfCheckpoint({ architectureJson, metadata, tensors }: SftCheckpoint): LanguageModel {
  let architecture: unknown;
  try {
    architecture = JSON.parse(architectureJson);
  } catch (error) {
    throw new AppError('failed-precondition', 'The checkpoint describes no model', { cause: error });
  }
  const model = modelOfState(architecture, metadata, tensors);
  assert(model.layout.length > 0, 'a model has parameters');
  return model;
}
