/**
 * The `rft` job: tasks in; steps, evaluations, samples, checkpoints and versions out. A job that was stopped goes on as if
 * it had not been.
 */

import { AppError, check } from '../../core/errors.js';
import { checkModelName } from '../../core/model-name.js';
import { quoted } from '../../core/quoted.js';
import { decodeTransformer, encodeModel, type Model } from '../../nn/model-file.js';
import { checkTransformer, type TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import type { OwningReward } from '../../rewards/make-reward.js';
import type { JobKind } from '../harness/job-kind.js';
import type { JobPorts, JobWorld, ProgressPoint } from '../harness/ports.js';
import { checkLanguageModel } from '../harness/same-architecture.js';
import { type Prepare, SteppedJob, type Steps } from '../harness/stepped-job.js';
import { rftCheckpoints, type RftCheckpoint } from './checkpoint.js';
import { curriculumOf } from './curricula.js';
import type { AngleScore } from '../../methods/curriculum/curriculum.js';
import { evaluationFigures } from './evaluation.js';
import { readRftConfig, type RftConfig } from './job-config.js';
import { RftLoop } from './loop.js';
import { modelOf } from './policy-model.js';
import { type OpenPolicyModel, policyModelThread } from './policy-model-handle.js';
import type { RftTask } from './prompts.js';
import { divideTasks } from './task-pool.js';
import { TextThread, type UsableTasks } from './text-thread.js';

/** What a job is given. */
export type RftPorts = Pick<JobPorts, 'model' | 'models' | 'datasets' | 'checkpoints' | 'progress'> & {
  readonly openPolicy: OpenPolicyModel;
  /** The reward of the settings; it is closed once the job has ended, however it did. */
  readonly openReward: OpenReward;
};

/** Makes the reward that settings ask for. @throws AppError 'invalid-argument' if they do not go together */
export type OpenReward = (config: RftConfig) => OwningReward;

export function rftJob(config: RftConfig, ports: RftPorts): SteppedJob {
  const prepare: Prepare = async (bytes, signal) => {
    // Refused before the pool is scored.
    if (config.keepScores !== '') await ports.datasets.claim(config.keepScores);
    const reward = ports.openReward(config);
    try {
      return await RftSteps.prepare(config, { ...ports, reward }, { bytes, signal });
    } catch (error) {
      await reward.close();
      throw error;
    }
  };
  return new SteppedJob(prepare, ports.checkpoints, config);
}

export function rftKind(world: JobWorld, openReward: OpenReward): JobKind {
  return {
    kind: 'rft',
    readConfig(input) {
      const config = readRftConfig(input);
      if (config.keepScores !== '') checkModelName(config.keepScores);
      // Refuses settings of the reward that do not go together before there is a job.
      void openReward(config).close();
      return config;
    },
    checkModel: (asked) =>
      checkLanguageModel(world, asked, {
        names: [],
        ofCheckpoint: (bytes) => rftCheckpoints.decode(bytes).architectureJson,
      }),
    create(context) {
      const ports = world.ports(context);
      return rftJob(readRftConfig(context.config), {
        ...ports,
        openPolicy: policyModelThread(ports.engine),
        openReward,
      });
    },
  };
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

class RftSteps implements Steps {
  readonly steps: number;
  readonly #config: RftConfig;
  readonly #ports: RftPorts & { readonly reward: OwningReward };
  #prepared!: Prepared;

  /** Reads the data and the checkpoint, and opens the model. */
  static async prepare(
    config: RftConfig,
    ports: RftPorts & { readonly reward: OwningReward },
    { bytes, signal }: { readonly bytes: Uint8Array | undefined; readonly signal: AbortSignal },
  ): Promise<RftSteps> {
    const steps = new RftSteps(config, ports);
    steps.#prepared = await steps.#prepare(bytes && rftCheckpoints.decode(bytes), signal);
    return steps;
  }

  private constructor(config: RftConfig, ports: RftPorts & { readonly reward: OwningReward }) {
    this.#config = config;
    this.#ports = ports;
    this.steps = config.steps;
  }

  get step(): number {
    return this.#prepared.loop.step;
  }

  get isOpen(): boolean {
    return this.#prepared.isOpen;
  }

  async next(signal: AbortSignal): Promise<void> {
    const { step, figures, failures } = await this.#prepared.loop.next(signal);
    const reasons = Object.entries(failures).map(([reason, count]) => `${count} × ${reason}`);
    const message = reasons.length > 0 ? `Not judged: ${reasons.join(', ')}` : '';
    this.#progress('train', { step, ...figures }, message);
  }

  async evaluate(signal: AbortSignal): Promise<void> {
    const { loop, evaluation } = this.#prepared;
    if (evaluation.length === 0) return;
    const found = await loop.evaluate(evaluation, signal);
    const { step } = loop;
    this.#progress('evaluation', { step, ...evaluationFigures(found) });
    if (found.samples.length > 0) this.#progress('samples', { step }, JSON.stringify(found.samples));
  }

  async checkpoint(isEvaluated: boolean): Promise<Uint8Array> {
    const { loop, model, refs } = this.#prepared;
    return rftCheckpoints.encode({
      state: loop.state(),
      isEvaluated,
      ...refs,
      config: this.#config,
      architectureJson: JSON.stringify(model.architecture),
      metadata: model.metadata,
      tensors: await loop.tensors(),
    });
  }

  async publish(): Promise<void> {
    const { loop, model } = this.#prepared;
    const { models } = this.#ports;
    const { step } = loop;
    const { weights } = await loop.model();
    const metadata = { ...model.metadata, step: String(step) };
    const ref = await models.put(encodeModel({ architecture: model.architecture, weights, metadata }), { step });
    await models.promote(ref);
    this.#progress('promotion', { step }, `${ref} is the model now`);
  }

  async close(): Promise<void> {
    const { loop, texts } = this.#prepared;
    await loop.close();
    await texts.close();
    await this.#ports.reward.close();
  }

  async #prepare(checkpoint: RftCheckpoint | undefined, signal: AbortSignal): Promise<Prepared> {
    const { reward, openPolicy } = this.#ports;
    const { ref, model } = checkpoint ? modelOfCheckpoint(checkpoint) : await this.#readBase();
    const texts = await TextThread.open(model, signal);
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

  /** What the settings name, else the model that is trained. */
  async #readBase(): Promise<{ ref: string; model: Model<TransformerConfiguration> }> {
    const base = this.#config.base === '' ? this.#ports.model : this.#config.base;
    const file = await this.#ports.models.read(base);
    if (!file) throw new AppError('not-found', `There is no model ${quoted(base)} to start from; set base`);
    return { ref: file.ref, model: decodeTransformer(file.bytes) };
  }

  /** @param checkpoint whose versions of the data are gone on with */
  async #readTasks(
    texts: TextThread,
    architecture: TransformerConfiguration,
    checkpoint: RftCheckpoint | undefined,
  ): Promise<Tasks> {
    const config = this.#config;
    const read = async (name: string): Promise<UsableTasks & { ref: string }> => {
      const { ref, bytes } = await this.#ports.datasets.read(name);
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
    const { bytes } = await this.#ports.datasets.read(scores);
    return texts.readScores(bytes, pool, { modelVersion, allowsOthers });
  }

  async #scored(loop: RftLoop, texts: TextThread, pool: readonly RftTask[], modelVersion: string): Promise<void> {
    const { keepScores } = this.#config;
    this.#state(`Scored ${pool.length} prompts`, { scoringMs: loop.scoringMs });
    if (keepScores === '' || !loop.scores) return;
    const file = await texts.formatScores(pool, loop.scores, modelVersion);
    await this.#ports.datasets.put(keepScores, pool.length, file);
  }

  #reportTasks({ train, evaluation }: Omit<Tasks, 'refs'>, { refusedLines, refused }: UsableTasks): void {
    const message = refusedLines > 0 ? `Lines are left out. ${refused}` : '';
    this.#state(message, { prompts: train.length, evaluationPrompts: evaluation.length, skippedLines: refusedLines });
  }

  #progress(event: ProgressPoint['event'], metrics: ProgressPoint['metrics'], message = ''): void {
    this.#ports.progress({ event, metrics, message });
  }

  #state(message: string, metrics: ProgressPoint['metrics']): void {
    this.#progress('state', metrics, message);
  }
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
