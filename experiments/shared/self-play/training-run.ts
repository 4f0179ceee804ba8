/**
 * One training run in one thread: games in lockstep, a step whenever one is due, a new network every few thousand
 * positions. It uses the parts of the product (the worker's games, the job's trainer) without the network between them,
 * so a run is a function of its settings and seed alone. Games under way go on with the newest network.
 */

import { openEngine } from '../../../src/engine/open-engine.js';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { GameRecord } from '../../../src/go/game-record.js';
import { LockstepGroup } from '../../../src/search/drive.js';
import { Rng } from '../../../src/core/rng.js';
import { playSettings, type AlphaZeroConfig } from '../../../src/trainer/alphazero/config.js';
import { architectureOf, Trainer } from '../../../src/trainer/alphazero/trainer.js';
import { TRAINING } from '../../../src/trainer/growth/report.js';
import type { TreeFigures } from '../../../src/trainer/go-data/tree-labels.js';
import type { GameTask } from '../../../clients/self-play/game-task.js';
import { playGame } from '../../../clients/self-play/play-game.js';
import type { Question } from '../../../clients/self-play/running-game.js';
import { TreePlay } from '../../../clients/self-play/tree-play.js';
import { forwardCost, Network } from './network.js';

export interface TrainingRunOptions {
  readonly config: AlphaZeroConfig;
  /** Games at once. */
  readonly slots: number;
  /** Searched positions from one network to the next. */
  readonly versionEvery: number;
  /** At which a checkpoint is taken, ascending; the last one ends the run. They count searched positions … */
  readonly marks: readonly number[];
  /** … or, if this is given, so many multiplications of evaluations, training and growth; progress then follows them. */
  readonly markCost?: number;
  /** Whether a network that has grown plays from now on; every one does if not given. Evaluations are charged. */
  readonly takesOver?: (candidate: Network, playing: Network) => Promise<boolean>;
  readonly onCheckpoint: (checkpoint: RunCheckpoint) => Promise<void>;
  /** Called with every game as it is trained on. */
  readonly onGame?: (record: GameRecord) => void;
}

/** When the network of a run grew, by the run's marks. */
export interface RunGrowth {
  readonly at: number;
  /** When the grown one began to play; absent before. */
  readonly playsFrom?: number;
  readonly message: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** The state of a run at one of its marks. */
export interface RunCheckpoint {
  readonly mark: number;
  /** Searched positions; where marks count them, the first number at or after the mark. */
  readonly positions: number;
  readonly games: number;
  readonly steps: number;
  readonly evaluations: number;
  readonly seconds: number;
  readonly multiplications: number;
  readonly growth?: RunGrowth;
  /** Of the network that plays, or would play next. */
  readonly modelFile: Uint8Array;
  readonly trees: TreeFigures | undefined;
  /** Mean losses since the last mark. */
  readonly losses: Readonly<Record<string, number>>;
}

/** Runs to the last mark. */
export async function trainingRun(options: TrainingRunOptions): Promise<void> {
  const run = await Run.start(options);
  for (const mark of options.marks) await options.onCheckpoint(await run.until(mark));
  await run.end();
}

class Run {
  readonly #options: TrainingRunOptions;
  readonly #trainer: Trainer;
  readonly #load: (file: Uint8Array) => Promise<Network>;
  readonly #group = new LockstepGroup<Question, readonly GoEvaluation[], GameRecord>();
  readonly #finished: GameRecord[] = [];
  readonly #started = performance.now();
  #network: Network;
  #playing: Uint8Array;
  #evaluations = 0;
  /** Without those of the network that plays. */
  #multiplications = 0;
  #growth: RunGrowth | undefined;
  #cheapSimulations = 0;
  #tasks = 0;
  #sequence = 0;
  #nextVersion: number;
  #lossSums: Record<string, number> = {};
  #lossSteps = 0;

  static async start(options: TrainingRunOptions): Promise<Run> {
    const engine = await openEngine(cpuEngine);
    const { config } = options;
    const trainer = await Trainer.create(engine, config, { architecture: architectureOf(config) });
    const load = (file: Uint8Array): Promise<Network> => Network.load(file, engine);
    const { modelFile } = await trainer.copy();
    return new Run(options, trainer, load, { network: await load(modelFile), modelFile });
  }

  private constructor(
    options: TrainingRunOptions,
    trainer: Trainer,
    load: (file: Uint8Array) => Promise<Network>,
    playing: { readonly network: Network; readonly modelFile: Uint8Array },
  ) {
    this.#options = options;
    this.#trainer = trainer;
    this.#load = load;
    this.#network = playing.network;
    this.#playing = playing.modelFile;
    this.#nextVersion = options.versionEvery;
    for (let slot = 0; slot < options.slots; slot++) this.#startTree();
  }

  /** Plays and trains until `mark` positions are searched and every step that is due is made. */
  async until(mark: number): Promise<RunCheckpoint> {
    while (this.#spent < mark) {
      await this.#group.step(async (questions) => {
        const evaluations = await this.#network.evaluate(questions.flatMap(({ positions }) => positions));
        let next = 0;
        return questions.map(({ positions }) => evaluations.slice(next, (next += positions.length)));
      });
      for (const record of this.#finished.splice(0)) await this.#train(record);
      if (this.#cost >= this.#nextVersion) await this.#renew();
    }
    const modelFile = this.#isOnTrial ? this.#playing : (await this.#trainer.copy()).modelFile;
    const { games, trees } = this.#trainer.counts;
    const positions = this.#cost;
    const losses = Object.fromEntries(
      Object.entries(this.#lossSums).map(([name, sum]) => [name, sum / Math.max(1, this.#lossSteps)]),
    );
    this.#lossSums = {};
    this.#lossSteps = 0;
    return {
      mark,
      positions,
      games,
      steps: this.#trainer.step,
      modelFile,
      trees,
      losses,
      evaluations: this.#evaluations + this.#network.evaluations,
      multiplications: this.#multiplications + this.#network.multiplications,
      ...(this.#growth && { growth: this.#growth }),
      seconds: (performance.now() - this.#started) / 1000,
    };
  }

  async end(): Promise<void> {
    this.#group.close();
    await this.#network.release();
    await this.#trainer.release();
  }

  /** Positions searched, a cheap search counting by its simulations: what the games cost, whatever they teach. */
  get #cost(): number {
    return this.#trainer.counts.positions + this.#cheapSimulations / this.#options.config.visits;
  }

  /** How far the run has come, in what its marks count. */
  get #spent(): number {
    const { markCost } = this.#options;
    if (markCost === undefined) return this.#cost;
    return (this.#multiplications + this.#network.multiplications) / markCost;
  }

  /** Whether the network has grown and the small one still plays. */
  get #isOnTrial(): boolean {
    return this.#growth?.figures['grownLoss'] !== undefined && this.#growth.playsFrom === undefined;
  }

  async #train(record: GameRecord): Promise<void> {
    const { config, onGame, marks, markCost } = this.#options;
    onGame?.(record);
    for (const { full, visits } of record.searches) if (!full) this.#cheapSimulations += visits;
    const end = markCost === undefined ? config.maxPositions || Infinity : marks.at(-1)!;
    const progress = Math.min(1, this.#spent / end);
    this.#trainer.add({ sequence: ++this.#sequence, record }, progress);
    if (this.#trainer.isGrowthDue) await this.#grow();
    while (this.#trainer.isDue) {
      const metrics = await this.#trainer.makeStep();
      this.#multiplications += TRAINING * config.batchSize * forwardCost(this.#trainer.architecture);
      this.#lossSteps++;
      for (const [name, value] of Object.entries(metrics)) this.#lossSums[name] = (this.#lossSums[name] ?? 0) + value;
    }
  }

  async #grow(): Promise<void> {
    const { message, figures } = await this.#trainer.grow();
    this.#multiplications += figures['operatorCost'] ?? 0;
    this.#growth = { at: this.#spent, message, figures };
  }

  async #renew(): Promise<void> {
    this.#nextVersion += this.#options.versionEvery;
    const { modelFile } = await this.#trainer.copy();
    const next = await this.#load(modelFile);
    const { takesOver } = this.#options;
    if (this.#isOnTrial && takesOver && !(await takesOver(next, this.#network))) {
      await this.#leave(next);
      return;
    }
    const last = this.#network;
    this.#network = next;
    this.#playing = modelFile;
    await this.#leave(last);
    if (this.#growth && this.#isOnTrial) this.#growth = { ...this.#growth, playsFrom: this.#spent };
  }

  /** Takes leave of a network, whose evaluations stay counted. */
  async #leave(network: Network): Promise<void> {
    this.#evaluations += network.evaluations;
    this.#multiplications += network.multiplications;
    await network.release();
  }

  /** A game, or with branching a tree of games, in a free slot; the next one follows when it ends. */
  #startTree(): void {
    const { config } = this.#options;
    const isBranched = config.variations > 1 && this.#cost >= config.branchAfter;
    const settings = playSettings(isBranched ? config : { ...config, variations: 1 }, 'self-play');
    const number = this.#tasks++;
    const task: GameTask = {
      gameId: `game-${number}`,
      jobId: 'bench',
      modelVersion: 'newest',
      seed: new Rng(config.seed).fork(3 + number).uint32(),
      settings,
    };
    if (settings.branching) this.#playOn(new TreePlay(task));
    else this.#group.add(playGame(task), (record) => this.#end(record, () => this.#startTree()), fail);
  }

  #playOn(tree: TreePlay): void {
    const onDone = (record: GameRecord): void =>
      this.#end(record, () => (tree.isComplete ? this.#startTree() : this.#playOn(tree)));
    this.#group.add(tree.nextVariation('newest'), onDone, fail);
  }

  #end(record: GameRecord, next: () => void): void {
    this.#finished.push(record);
    next();
  }
}

function fail(error: unknown): never {
  throw error;
}
