/**
 * The learner of an AlphaZero job: games in, steps out. Which positions a step sees depends only on the games added
 * before it and their order, never on timing: every step that has come due is made before the next game is added.
 */

import { AppError, assert } from '../../core/errors.js';
import { checkStep } from '../../core/finite.js';
import { Rng } from '../../core/rng.js';
import { trace } from '../../core/trace.js';
import type { Engine, NamedTensors, Training } from '../../engine/engine.js';
import { featureSet } from '../../go/features.js';
import { encodeModel, type Weights } from '../../nn/model-file.js';
import type { Architecture } from '../../nn/networks/architecture.js';
import { type GoArchitecture, initialWeights } from '../../nn/networks/go-network.js';
import { newKatago } from '../../nn/networks/katago/new-network.js';
import { makeSchedule, type Schedule } from '../../nn/optimizers/schedules.js';
import { weightsOf } from '../../nn/training-step.js';
import { batchTensors, policyTargetEntropy } from '../go-data/batch.js';
import { BatchSource } from '../go-data/batch-source.js';
import { stepsDue } from '../go-data/replay-window.js';
import type { StoredGame } from '../go-data/stored-game.js';
import { sizesOf } from '../growth/report.js';
import type { GrowthHooks } from '../growth/train-operator.js';
import type { StateTensors, TrainerState } from './checkpoint.js';
import { CollectedGames, type GameCounts } from './collected-games.js';
import type { AlphaZeroConfig } from './config.js';
import { growOnWindow, growthTarget, type GrownNetwork, type JobNames } from './growth.js';
import { PositionAngles } from './position-angles.js';
import { openTraining } from './training-session.js';

/** Where training begins: at random, from the weights of a model, or where a checkpoint was taken. */
export interface TrainerStart {
  readonly architecture: GoArchitecture;
  readonly weights?: Weights;
  /** Lineage of those weights. */
  readonly grownFrom?: string;
  readonly checkpoint?: { readonly state: TrainerState; readonly tensors: StateTensors };
  /** For the lineage of a network that grows. */
  readonly names?: JobNames;
}

/** What became of growing the network. */
export interface GrowthOutcome {
  readonly isGrown: boolean;
  readonly figures: Readonly<Record<string, number>>;
  /** A sentence for a person. */
  readonly message: string;
}

/** What one step reports: losses by name, `gradientNorm`, `learningRate`, `policyTargetEntropy`. */
export type StepMetrics = Readonly<Record<string, number>>;

/** Everything needed to continue from here, and what plays now. */
export interface TrainerCopy {
  readonly architecture: GoArchitecture;
  readonly state: TrainerState;
  readonly tensors: StateTensors;
  /** The averaged weights as a model file. */
  readonly modelFile: Uint8Array;
}

/** Tensor of a checkpoint with the angle concentrations of the memory's positions. */
const ANGLES = 'angles';

/** The network that a job trains when it starts at random. */
export function architectureOf(config: AlphaZeroConfig): GoArchitecture {
  const { size, blocks, channels } = config;
  const isKatago = config.network === 'katago';
  const { name, planes, globals } = featureSet(isKatago ? 'katago-7' : config.features);
  const sizes = { size, blocks, channels, planes, globals, features: name };
  return isKatago ? newKatago(sizes) : { kind: 'go-resnet', ...sizes };
}

/** Owns the games and the training session. Calls must not overlap, but for `copy` while the network grows. */
export class Trainer {
  readonly #engine: Engine;
  readonly #config: AlphaZeroConfig;
  readonly #games: CollectedGames;
  readonly #resumed: TrainerState | undefined;
  readonly #batches: BatchSource;
  readonly #schedule: Schedule;
  readonly #names: JobNames;
  /** What the network is to become; undefined if it is not to grow, or no more. */
  readonly #target: Architecture | undefined;
  #architecture: GoArchitecture;
  #training: Training;
  #angles: PositionAngles | undefined;
  #growth: TrainerState['growth'];
  #grownFrom: string | undefined;
  #step: number;
  #progress: number;

  private constructor(engine: Engine, config: AlphaZeroConfig, start: TrainerStart, parts: TrainerParts) {
    const state = start.checkpoint?.state;
    this.#engine = engine;
    this.#config = config;
    this.#architecture = start.architecture;
    this.#training = parts.training;
    this.#angles = parts.angles;
    this.#target = parts.target;
    this.#names = start.names ?? { jobId: '', model: '' };
    this.#games = new CollectedGames(config, state);
    const rng = state ? Rng.fromState(state.rng) : new Rng(config.seed).fork(1);
    this.#batches = new BatchSource(this.#games.memory, config, featureSet(start.architecture.features), rng);
    this.#schedule = scheduleOf(config);
    this.#resumed = state;
    this.#growth = state?.growth;
    this.#grownFrom = state?.grownFrom ?? start.grownFrom;
    this.#step = state?.step ?? 0;
    this.#progress = state?.progress ?? 0;
  }

  /**
   * Compiles the training step and puts the first or the saved state into it.
   *
   * @throws AppError 'invalid-argument' naming the sizes if the network is to grow to ones that do not fit
   */
  static async create(engine: Engine, config: AlphaZeroConfig, start: TrainerStart): Promise<Trainer> {
    const { architecture, checkpoint } = start;
    const target = checkpoint?.state.growth ? undefined : growthTarget(config, architecture);
    const { [ANGLES]: kept, ...state } = Object.fromEntries(checkpoint?.tensors ?? []);
    const weights = start.weights ?? initialWeights(architecture, new Rng(config.seed).fork(0));
    const training = await openTraining(engine, config, architecture, checkpoint ? { state } : { weights });
    const angles = config.angleWeight > 0 ? await PositionAngles.open(engine, architecture, kept?.data) : undefined;
    return new Trainer(engine, config, start, { training, angles, target });
  }

  /** Whether a step has come due; it must be made before the next game is added. */
  get isDue(): boolean {
    return !this.isRefilling && !this.isGrowthDue && this.#step < this.#stepsDue();
  }

  /** Whether the network is to grow; it must before the next step is made or the next game is added. */
  get isGrowthDue(): boolean {
    const isPending = this.#target !== undefined && this.#growth === undefined;
    return isPending && !this.isRefilling && this.#games.memory.total >= this.#config.growAfter;
  }

  /** After a resume: whether games up to the checkpoint are still to be added back to the memory. */
  get isRefilling(): boolean {
    return this.#games.isRefilling;
  }

  get step(): number {
    return this.#step;
  }

  /** Of the network in training. */
  get architecture(): GoArchitecture {
    return this.#architecture;
  }

  /** Figures of the data: games, positions, window, and of the game trees if there are any. */
  get counts(): GameCounts {
    return this.#games.counts;
  }

  /**
   * Adds a self-play game. After a resume, those from the checkpoint's oldest to its last come first, and only fill the
   * memory again, or the trees that were open.
   */
  add(game: StoredGame, progress: number): void {
    assert(!this.isDue && !this.isGrowthDue, 'a game was added before the steps, or the growth, that had come due');
    const { rows, place, isNew } = this.#games.add(game);
    if (isNew) this.#progress = Math.max(this.#progress, progress);
    if (rows) this.#angles?.add(rows, place);
  }

  async makeStep(): Promise<StepMetrics> {
    const { warmupSteps, batchSize, angleWeight } = this.#config;
    await this.#scoreAngles();
    const window = this.#games.window;
    const batch = this.#batches.take(window);
    const first = this.#growth?.isGrown ? this.#growth.step : 0;
    const warmth = Math.min(1, (this.#step - first + 1) / (warmupSteps + 1));
    const learningRate = warmth * this.#schedule(this.#progress);
    const ready = trace ? performance.now() : 0;
    const stepping = this.#training.step({
      ...batchTensors(batch),
      learningRate: { shape: [], data: Float32Array.of(learningRate) },
    });
    // Awaited below; should drawing fail first, its own failure must not end the process.
    stepping.catch(() => undefined);
    // If the next step is due already it is made before anything is added; only angles may be scored in between.
    const drawMs = angleWeight === 0 && this.#step + 1 < this.#stepsDue() ? this.#batches.drawAhead(window) : 0;
    const metrics = await stepping;
    trace?.add('step', ready, batchSize, performance.now() - ready - drawMs);
    await checkStep(this.#step + 1, metrics, async () => Object.entries(await this.#training.exportState()));
    this.#step++;
    return { ...metrics, learningRate, policyTargetEntropy: policyTargetEntropy(batch) };
  }

  async #scoreAngles(): Promise<void> {
    if (!this.#angles) return;
    const { angleRenewSteps } = this.#config;
    const isOld = angleRenewSteps > 0 && this.#step > 0 && this.#step % angleRenewSteps === 0;
    if (isOld) this.#angles.renew(this.#games.memory.games());
    if (this.#angles.isDue) await this.#angles.score(await this.#training.exportState());
  }

  /**
   * Grows the network, which trains on with a fresh optimizer and a warm-up of its own; or says why it stays as it is. All
   * is as before until the grown network is whole.
   *
   * @throws the signal's reason if it is aborted
   */
  async grow(hooks: GrowthHooks = {}): Promise<GrowthOutcome> {
    assert(this.#target !== undefined && this.isGrowthDue, 'the network was to grow when that was not due');
    const { modelFile } = await this.copy();
    const source = { modelFile, games: this.#games.memory.games(), target: this.#target, names: this.#names };
    const sizes = `from ${sizesOf(this.#architecture)} to ${sizesOf(this.#target)}`;
    let grown: GrownNetwork;
    try {
      grown = await growOnWindow(this.#engine, this.#config, source, hooks);
    } catch (error) {
      if (hooks.signal?.aborted || AppError.from(error).kind !== 'failed-precondition') throw error;
      this.#growth = { step: this.#step, isGrown: false };
      const why = AppError.from(error).message;
      return { isGrown: false, figures: {}, message: `The network does not grow ${sizes}: ${why}` };
    }
    await this.#trainOn(grown);
    return { isGrown: true, figures: grown.figures, message: `The network has grown ${sizes}` };
  }

  async #trainOn({ architecture, weights, grownFrom }: GrownNetwork): Promise<void> {
    const training = await openTraining(this.#engine, this.#config, architecture, { weights });
    const angles = this.#angles && (await PositionAngles.open(this.#engine, architecture));
    angles?.renew(this.#games.memory.games());
    const old = [this.#training, this.#angles];
    this.#architecture = architecture;
    this.#training = training;
    this.#angles = angles;
    this.#grownFrom = grownFrom;
    this.#growth = { step: this.#step, isGrown: true };
    for (const part of old) await part?.release();
  }

  /** Copies the whole state and writes the averaged weights as a model file. */
  async copy(): Promise<TrainerCopy> {
    const exported = await this.#training.exportState();
    const tensors = new Map(Object.entries(exported).map(([name, tensor]) => [name, floatTensor(name, tensor)]));
    const state: TrainerState = this.isRefilling
      ? this.#resumed!
      : {
          step: this.#step,
          ...this.#games.state(),
          rng: this.#batches.rngState,
          progress: this.#progress,
          ...(this.#growth && { growth: this.#growth }),
          ...(this.#grownFrom !== undefined && { grownFrom: this.#grownFrom }),
        };
    if (this.#angles) {
      const kept = this.isRefilling ? this.#angles.kept : this.#angles.keep(this.#games.memory.games());
      tensors.set(ANGLES, { shape: [kept.length], data: kept });
    }
    const modelFile = encodeModel({
      architecture: this.#architecture,
      weights: weightsOf(this.#architecture, tensors, 'average'),
      metadata: {
        step: String(this.#step),
        positions: String(state.rows),
        games: String(state.games),
        ...(this.#grownFrom !== undefined && { grownFrom: this.#grownFrom }),
      },
    });
    return { architecture: this.#architecture, state, tensors, modelFile };
  }

  async release(): Promise<void> {
    await this.#angles?.release();
    await this.#training.release();
  }

  #stepsDue(): number {
    return stepsDue(this.#games.memory.total, this.#config);
  }
}

interface TrainerParts {
  readonly training: Training;
  readonly angles: PositionAngles | undefined;
  readonly target: Architecture | undefined;
}

/** The learning rate by the progress of the job, 0 to 1, warm-up apart. */
function scheduleOf({ schedule, learningRate, finalLearningRateShare }: AlphaZeroConfig): Schedule {
  return makeSchedule({
    decay: schedule,
    peak: learningRate,
    final: learningRate * finalLearningRateShare,
    totalSteps: 1,
  });
}

function floatTensor(
  name: string,
  { shape, data }: NamedTensors[string],
): { shape: readonly number[]; data: Float32Array } {
  assert(data instanceof Float32Array, `state '${name}' does not hold floats`);
  return { shape, data };
}
