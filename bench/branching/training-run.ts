/**
 * One training run in one thread: games in lockstep, a step whenever one is due, a new network every few thousand
 * positions. It uses the parts of the product (the worker's games, the job's trainer) without the network between them,
 * so a run is a function of its settings and seed alone. Games under way go on with the newest network.
 */

import { openEngine } from '../../src/engine/open-engine.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { LockstepGroup } from '../../src/search/drive.js';
import { Rng } from '../../src/core/rng.js';
import { playSettings, type AlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { architectureOf, Trainer } from '../../src/trainer/alphazero/trainer.js';
import type { TreeFigures } from '../../src/trainer/alphazero/tree-labels.js';
import type { GameTask } from '../../clients/self-play/game-task.js';
import { playGame } from '../../clients/self-play/play-game.js';
import type { Question } from '../../clients/self-play/running-game.js';
import { TreePlay } from '../../clients/self-play/tree-play.js';
import { Network } from './network.js';

/** What to run. */
export interface TrainingRunOptions {
  readonly config: AlphaZeroConfig;
  /** Games at once. */
  readonly slots: number;
  /** Searched positions from one network to the next. */
  readonly versionEvery: number;
  /** Searched positions at which a checkpoint is taken, ascending; the last one ends the run. */
  readonly marks: readonly number[];
  readonly onCheckpoint: (checkpoint: RunCheckpoint) => Promise<void>;
  /** Called with every game as it is trained on. */
  readonly onGame?: (record: GameRecord) => void;
}

/** The state of a run at one of its marks. */
export interface RunCheckpoint {
  readonly mark: number;
  /** Searched positions, the first number at or after the mark. */
  readonly positions: number;
  readonly games: number;
  readonly steps: number;
  readonly evaluations: number;
  readonly seconds: number;
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
  #evaluations = 0;
  #cheapSimulations = 0;
  #tasks = 0;
  #sequence = 0;
  #nextVersion: number;
  #lossSums: Record<string, number> = {};
  #lossSteps = 0;

  static async start(options: TrainingRunOptions): Promise<Run> {
    const engine = await openEngine({ engine: 'onnxruntime', provider: 'cpu' });
    const { config } = options;
    const trainer = await Trainer.create(engine, config, { architecture: architectureOf(config) });
    const load = (file: Uint8Array): Promise<Network> => Network.load(file, engine);
    return new Run(options, trainer, load, await load((await trainer.snapshot()).modelFile));
  }

  private constructor(
    options: TrainingRunOptions,
    trainer: Trainer,
    load: (file: Uint8Array) => Promise<Network>,
    network: Network,
  ) {
    this.#options = options;
    this.#trainer = trainer;
    this.#load = load;
    this.#network = network;
    this.#nextVersion = options.versionEvery;
    for (let slot = 0; slot < options.slots; slot++) this.#startTree();
  }

  /** Plays and trains until `mark` positions are searched and every step that is due is made. */
  async until(mark: number): Promise<RunCheckpoint> {
    while (this.#cost < mark) {
      await this.#group.step(async (questions) => {
        const evaluations = await this.#network.evaluate(questions.flatMap(({ positions }) => positions));
        let next = 0;
        return questions.map(({ positions }) => evaluations.slice(next, (next += positions.length)));
      });
      for (const record of this.#finished.splice(0)) await this.#train(record);
      if (this.#cost >= this.#nextVersion) await this.#renew();
    }
    const { modelFile } = await this.#trainer.snapshot();
    const { games, trees } = this.#trainer.counts;
    const positions = this.#cost;
    const losses = Object.fromEntries(
      Object.entries(this.#lossSums).map(([name, sum]) => [name, sum / Math.max(1, this.#lossSteps)]),
    );
    this.#lossSums = {};
    this.#lossSteps = 0;
    return {
      ...{ mark, positions, games, steps: this.#trainer.step, modelFile, trees, losses },
      evaluations: this.#evaluations + this.#network.evaluations,
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

  async #train(record: GameRecord): Promise<void> {
    const { config, onGame } = this.#options;
    onGame?.(record);
    for (const { full, visits } of record.searches) if (!full) this.#cheapSimulations += visits;
    const progress = Math.min(1, this.#cost / (config.maxPositions || Infinity));
    this.#trainer.add({ sequence: ++this.#sequence, record }, progress);
    while (this.#trainer.isDue) {
      const metrics = await this.#trainer.makeStep();
      this.#lossSteps++;
      for (const [name, value] of Object.entries(metrics)) this.#lossSums[name] = (this.#lossSums[name] ?? 0) + value;
    }
  }

  async #renew(): Promise<void> {
    this.#nextVersion += this.#options.versionEvery;
    const next = await this.#load((await this.#trainer.snapshot()).modelFile);
    this.#evaluations += this.#network.evaluations;
    await this.#network.release();
    this.#network = next;
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
