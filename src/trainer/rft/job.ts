/**
 * The `rft` job: tasks in; steps, evaluations, samples, checkpoints and versions out. A job that was stopped goes on as if
 * it had not been.
 */

import { AppError, check } from '../../core/errors.js';
import { decodeTransformer, encodeModel, type Model } from '../../nn/model-file.js';
import { checkTransformer, type TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { decodeRftCheckpoint, encodeRftCheckpoint, type RftCheckpoint } from './checkpoint.js';
import { curriculumOf } from './curricula.js';
import type { AngleScore } from '../../methods/curriculum/curriculum.js';
import { evaluationFigures } from './evaluation.js';
import type { RftConfig } from './job-config.js';
import { RftLoop } from './loop.js';
import { modelOf } from './policy.js';
import type { RftDependencies, RftProgress } from './ports.js';
import type { RftTask } from './prompts.js';
import { divideTasks } from './task-pool.js';
import { TextThread, type UsableTasks } from './text-thread.js';

/** How a job ended when it did not fail. */
export interface RftOutcome {
  readonly state: 'done' | 'cancelled';
}

interface Prepared {
  readonly model: Model<TransformerConfiguration>;
  readonly texts: TextThread;
  readonly loop: RftLoop;
  readonly evaluation: readonly RftTask[];
  /** What follows the last step was not done yet. */
  readonly isOpen: boolean;
  /** name@version of the model at the start and of the data. */
  readonly refs: Pick<RftCheckpoint, 'base' | 'dataset' | 'evaluationDataset'>;
}

/** Tasks to train and to evaluate on. */
interface Tasks {
  readonly train: readonly RftTask[];
  readonly evaluation: readonly RftTask[];
  readonly refs: Pick<RftCheckpoint, 'dataset' | 'evaluationDataset'>;
}

export class RftJob {
  /** Rejects if the job failed. */
  readonly finished: Promise<RftOutcome>;
  readonly #config: RftConfig;
  readonly #dependencies: RftDependencies;
  readonly #stop = new AbortController();
  /** Whether the evaluation after the last step was made. */
  #isEvaluated = true;
  #resolve!: (outcome: RftOutcome) => void;
  #reject!: (error: unknown) => void;

  constructor(config: RftConfig, dependencies: RftDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only starts the job hears of a failure there.
    this.finished.catch(() => undefined);
  }

  /** Reads the data and the checkpoint, opens the model, and begins. Rejects if it cannot, or is stopped before. */
  async start(): Promise<void> {
    try {
      const prepared = await this.#prepare();
      void this.#run(prepared);
    } catch (error) {
      this.#dependencies.close?.();
      if (this.#isStop(error)) this.#resolve({ state: 'cancelled' });
      else this.#reject(error);
      throw error;
    }
  }

  /**
   * Stops while the data is read; or with a checkpoint, after the step under way or before it if its completions are still
   * drawn or judged.
   */
  cancel(): void {
    this.#stop.abort(new AppError('cancelled', 'The job was stopped'));
  }

  async #prepare(): Promise<Prepared> {
    const { checkpoints, base, reward, openPolicy } = this.#dependencies;
    const bytes = await checkpoints.load();
    const checkpoint = bytes && decodeRftCheckpoint(bytes);
    const { ref, model } = checkpoint ? modelOfCheckpoint(checkpoint) : modelOfFile(await base());
    const texts = await TextThread.open(model, this.#stop.signal);
    try {
      const { train, evaluation, refs } = await this.#readTasks(texts, model.architecture, checkpoint);
      const scores = checkpoint ? undefined : await this.#readScores(texts, train, ref);
      const loop = await RftLoop.open({
        model,
        texts,
        pool: train,
        reward,
        settings: this.#config,
        curriculum: curriculumOf(this.#config, this.#config.seed),
        ...(scores && { scores }),
        ...(checkpoint && { kept: { tensors: checkpoint.tensors, state: checkpoint.state } }),
        openPolicy,
      });
      if (loop.scoringMs > 0) await this.#scored(loop, texts, train, ref);
      const isOpen = checkpoint === undefined || checkpoint.isEvaluated === false;
      return { model, texts, loop, evaluation, isOpen, refs: { ...refs, base: ref } };
    } catch (error) {
      await texts.close();
      throw error;
    }
  }

  /** @param checkpoint whose versions of the data are gone on with */
  async #readTasks(
    texts: TextThread,
    architecture: TransformerConfiguration,
    checkpoint: RftCheckpoint | undefined,
  ): Promise<Tasks> {
    const config = this.#config;
    const read = async (name: string): Promise<UsableTasks & { ref: string }> => {
      const { ref, bytes } = await this.#dependencies.datasets.read(name);
      return { ref, ...(await texts.readPool(bytes, { name, architecture, config })) };
    };
    const pool = await read(checkpoint?.dataset ?? config.dataset);
    const others = checkpoint?.evaluationDataset ?? config.evaluationDataset;
    if (others === '') {
      const divided = divideTasks(pool.tasks, config);
      this.#reportTasks(divided, pool);
      return { ...divided, refs: { dataset: pool.ref, evaluationDataset: '' } };
    }
    const test = await read(others);
    const divided = { train: pool.tasks, evaluation: test.tasks.slice(0, config.evaluationPrompts) };
    this.#reportTasks(divided, pool);
    return { ...divided, refs: { dataset: pool.ref, evaluationDataset: test.ref } };
  }

  async #readScores(
    texts: TextThread,
    pool: readonly RftTask[],
    modelVersion: string,
  ): Promise<AngleScore[] | undefined> {
    const { scores, scoresOfAnyModel: allowsOthers } = this.#config;
    if (scores === '') return undefined;
    const { bytes } = await this.#dependencies.datasets.read(scores);
    return texts.readScores(bytes, pool, { modelVersion, allowsOthers });
  }

  async #scored(loop: RftLoop, texts: TextThread, pool: readonly RftTask[], modelVersion: string): Promise<void> {
    const { keepScores } = this.#config;
    this.#state(`Scored ${pool.length} prompts`, { scoringMs: loop.scoringMs });
    if (keepScores === '' || !loop.scores) return;
    const file = await texts.formatScores(pool, loop.scores, modelVersion);
    await this.#dependencies.datasets.put(keepScores, pool.length, file);
  }

  async #run(prepared: Prepared): Promise<void> {
    const { loop, texts } = prepared;
    const close = async (): Promise<void> => {
      await loop.close();
      await texts.close();
      this.#dependencies.close?.();
    };
    try {
      await this.#train(prepared);
      const isDone = loop.step >= this.#config.steps && this.#isEvaluated;
      await this.#saveCheckpoint(prepared);
      if (isDone) await this.#publish(prepared);
      await close();
      this.#resolve({ state: isDone ? 'done' : 'cancelled' });
    } catch (error) {
      await close();
      this.#reject(error);
    }
  }

  /** Makes the steps, until the last or until the job is stopped. */
  async #train(prepared: Prepared): Promise<void> {
    const { loop, isOpen } = prepared;
    const { signal } = this.#stop;
    try {
      if (isOpen) await this.#follow(prepared);
      while (loop.step < this.#config.steps && !signal.aborted) {
        const { step, figures, failures } = await loop.next(signal);
        const reasons = Object.entries(failures).map(([reason, count]) => `${count} × ${reason}`);
        const message = reasons.length > 0 ? `Not judged: ${reasons.join(', ')}` : '';
        this.#progress('train', { step, ...figures }, message);
        await this.#follow(prepared);
      }
    } catch (error) {
      if (!this.#isStop(error)) throw error;
    }
  }

  #isStop(error: unknown): boolean {
    return this.#stop.signal.aborted && AppError.from(error).kind === 'cancelled';
  }

  /** What follows a step, each if its turn has come. */
  async #follow(prepared: Prepared): Promise<void> {
    const { step } = prepared.loop;
    const { evaluationSteps, checkpointSteps, versionSteps, steps } = this.#config;
    const isLast = step === steps;
    if (isLast || step % evaluationSteps === 0) await this.#evaluate(prepared);
    if (isLast || step === 0) return;
    if (step % checkpointSteps === 0) await this.#saveCheckpoint(prepared);
    if (versionSteps > 0 && step % versionSteps === 0) await this.#publish(prepared);
  }

  async #evaluate({ loop, evaluation }: Prepared): Promise<void> {
    if (evaluation.length === 0) return;
    this.#isEvaluated = false;
    const found = await loop.evaluate(evaluation, this.#stop.signal);
    this.#isEvaluated = true;
    const { step } = loop;
    this.#progress('evaluation', { step, ...evaluationFigures(found) });
    if (found.samples.length > 0) this.#progress('samples', { step }, JSON.stringify(found.samples));
  }

  async #saveCheckpoint({ loop, model, refs }: Prepared): Promise<void> {
    const checkpoint: RftCheckpoint = {
      state: loop.state(),
      isEvaluated: this.#isEvaluated,
      ...refs,
      config: this.#config,
      architectureJson: JSON.stringify(model.architecture),
      metadata: model.metadata,
      tensors: await loop.tensors(),
    };
    await this.#dependencies.checkpoints.save(loop.step, encodeRftCheckpoint(checkpoint));
  }

  async #publish({ loop, model }: Prepared): Promise<void> {
    const { models } = this.#dependencies;
    const { step } = loop;
    const { weights } = await loop.model();
    const metadata = { ...model.metadata, step: String(step) };
    const ref = await models.put(encodeModel({ architecture: model.architecture, weights, metadata }), { step });
    await models.promote(ref);
    this.#progress('promotion', { step }, `${ref} is the model now`);
  }

  #reportTasks({ train, evaluation }: Omit<Tasks, 'refs'>, { refusedLines, refused }: UsableTasks): void {
    const message = refusedLines > 0 ? `Lines are left out. ${refused}` : '';
    this.#state(message, { prompts: train.length, evaluationPrompts: evaluation.length, skippedLines: refusedLines });
  }

  #progress(event: RftProgress['event'], metrics: RftProgress['metrics'], message = ''): void {
    this.#dependencies.progress({ event, metrics, message });
  }

  #state(message: string, metrics: RftProgress['metrics']): void {
    this.#progress('state', metrics, message);
  }
}

function modelOfFile({ ref, bytes }: { readonly ref: string; readonly bytes: Uint8Array }): {
  ref: string;
  model: Model<TransformerConfiguration>;
} {
  return { ref, model: decodeTransformer(bytes) };
}

function modelOfCheckpoint({ base, architectureJson, metadata, tensors }: RftCheckpoint): {
  ref: string;
  model: Model<TransformerConfiguration>;
} {
  try {
    const fields: unknown = JSON.parse(architectureJson);
    check(typeof fields === 'object' && fields !== null, 'The architecture of a model must be an object');
    const architecture = checkTransformer(fields);
    return { ref: base, model: modelOf({ architecture, metadata }, tensors) };
  } catch (error) {
    throw new AppError('failed-precondition', 'The checkpoint describes no model', { cause: error });
  }
}
