/**
 * The `sft` job: samples in, steps on the grid, evaluations, checkpoints and versions out. Everything that a step depends on
 * is a function of the settings, the data and the checkpoint, so a job that was stopped goes on as if it had not been.
 */

import { AppError, assert } from '../../core/errors.js';
import { checkStep } from '../../core/finite.js';
import { fittingTokens } from '../../ranks/memory.js';
import { exportState, exportWeights, makeStateMemory, type StateMemory } from '../../ranks/training-state.js';
import { owned } from '../../threads/messages.js';
import { inOwnThread } from '../../threads/own-thread.js';
import { type HeldThread, threadModule } from '../../threads/pool.js';
import { Batches } from './batches.js';
import { type Best, bestOf, bestTensors } from './best.js';
import { decodeSftCheckpoint, encodeSftCheckpoint, type SftCheckpoint } from './checkpoint.js';
import type { SftConfig } from './config.js';
import { type LanguageModel, encodeLanguageModel, modelOfState, readLanguageModel } from './language-model.js';
import type { MicroStepTime, SftDependencies } from './ports.js';
import type * as reading from './read-samples.js';
import { lengthsOf, sampleAt, type SftSamples } from './samples.js';
import { SftTrainer, type SftStep } from './trainer.js';

const reader = threadModule<typeof reading>(import.meta.url, './read-samples.js');

/** How a job ended when it did not fail. */
export interface SftOutcome {
  readonly state: 'done' | 'cancelled';
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

export class SftJob {
  /** Rejects if the job failed. */
  readonly finished: Promise<SftOutcome>;
  /** With the bucket size that fits, once the model is known. */
  #config: SftConfig;
  readonly #dependencies: SftDependencies;
  readonly #stop = new AbortController();
  #tokens = 0;
  #best: Best | undefined;
  #resolve!: (outcome: SftOutcome) => void;
  #reject!: (error: unknown) => void;

  constructor(config: SftConfig, dependencies: SftDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only starts the job hears of a failure there.
    this.finished.catch(() => undefined);
  }

  /** Reads the data and the checkpoint, starts the ranks, and begins. Rejects if it cannot, or is stopped before. */
  async start(): Promise<void> {
    try {
      const prepared = await this.#prepare();
      void this.#run(prepared);
    } catch (error) {
      if (this.#stop.signal.aborted && AppError.from(error).kind === 'cancelled') this.#resolve({ state: 'cancelled' });
      else this.#reject(error);
      throw error;
    }
  }

  /** Stops while the data is read, or after the step under way, with a checkpoint. */
  cancel(): void {
    this.#stop.abort(new AppError('cancelled', 'The job was stopped'));
  }

  async #prepare(): Promise<Prepared> {
    const { checkpoints, base, dataset, now } = this.#dependencies;
    const bytes = await checkpoints.load();
    const checkpoint = bytes && decodeSftCheckpoint(bytes);
    const { weights, ...model } = checkpoint ? modelOfCheckpoint(checkpoint) : readLanguageModel(base, this.#config);
    this.#fitBucket(model);
    const { ref, bytes: file } = await dataset(checkpoint?.dataset ?? this.#config.dataset);
    const samples = await this.#readSamples(file, model);
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

  /** @param file given away if no other has its buffer */
  #readSamples(file: Uint8Array, { metadata, architecture }: Prepared['model']): Promise<SftSamples> {
    const own = owned(file);
    const args: Parameters<typeof reading.readSamples> = [own, metadata, architecture.vocabulary, this.#config];
    const read = (thread: HeldThread): Promise<SftSamples> =>
      thread.run(reader, 'readSamples', args, { transfer: [own.buffer] });
    return inOwnThread('sft samples', read, this.#stop.signal);
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
    const { engine, onGrid } = this.#dependencies;
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

  async #run(prepared: Prepared): Promise<void> {
    const { trainer, totalSteps } = prepared;
    try {
      while (trainer.step < totalSteps && !this.#stop.signal.aborted) await this.#step(prepared);
      const isDone = trainer.step >= totalSteps;
      await this.#saveCheckpoint(prepared);
      if (isDone) await this.#publish(prepared);
      await trainer.close();
      this.#resolve({ state: isDone ? 'done' : 'cancelled' });
    } catch (error) {
      await trainer.close();
      this.#reject(error);
    }
  }

  async #step(prepared: Prepared): Promise<void> {
    const { trainer, samples, batches, totalSteps, state } = prepared;
    const { evaluationSteps, checkpointSteps, versionSteps } = this.#config;
    const started = this.#dependencies.now();
    const made = await trainer.train(batches.batch(trainer.step).map((index) => sampleAt(samples, index)));
    const { loss, gradientNorm } = made.result;
    await checkStep(trainer.step, { loss, gradientNorm }, () => exportWeights(state, trainer.step));
    this.#tokens += made.tokens;
    this.#reportStep(trainer.step, made, this.#dependencies.now() - started);
    const isLast = trainer.step === totalSteps;
    const evaluates = samples.evaluation.length > 0 && (isLast || trainer.step % evaluationSteps === 0);
    if (evaluates) await this.#evaluate(prepared);
    if (isLast) return;
    if (trainer.step % checkpointSteps === 0) await this.#saveCheckpoint(prepared);
    if (versionSteps > 0 && trainer.step % versionSteps === 0) await this.#publish(prepared);
  }

  async #evaluate({ trainer, samples, state }: Prepared): Promise<void> {
    const evaluationLoss = await trainer.evaluate(Array.from(samples.evaluation, (index) => sampleAt(samples, index)));
    const { step } = trainer;
    await checkStep(step, { evaluationLoss }, () => exportWeights(state, step));
    if (this.#config.promote === 'best' && !(this.#best && this.#best.loss <= evaluationLoss)) {
      this.#best = { step, loss: evaluationLoss, weights: exportWeights(state, step) };
    }
    const metrics = { step, evaluationLoss };
    this.#dependencies.progress({ event: 'evaluation', metrics, message: '' });
  }

  async #saveCheckpoint({ trainer, state, model, datasetRef }: Prepared): Promise<void> {
    const checkpoint: SftCheckpoint = {
      step: trainer.step,
      tokens: this.#tokens,
      dataset: datasetRef,
      profile: trainer.profile,
      architectureJson: JSON.stringify(model.architecture),
      metadata: model.metadata,
      ...(this.#best && { best: { step: this.#best.step, loss: this.#best.loss } }),
      tensors: new Map([...exportState(state, trainer.step), ...bestTensors(this.#best)]),
    };
    await this.#dependencies.checkpoints.save(trainer.step, encodeSftCheckpoint(checkpoint));
  }

  async #publish({ trainer, state, model }: Prepared): Promise<void> {
    const { models } = this.#dependencies;
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
    this.#dependencies.progress({ event: 'promotion', metrics: { step }, message: `${bestRef} is the model now` });
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
    this.#dependencies.progress({ event: 'train', metrics, message: '', times });
  }

  #state(message: string, metrics: Readonly<Record<string, number>> = {}): void {
    this.#dependencies.progress({ event: 'state', metrics, message });
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
