/**
 * Reinforcement fine-tuning step by step, without a server: draw prompts, draw and judge a group of completions of each,
 * learn from the groups, tell the curriculum. Everything that a step depends on is a function of the settings, the pool and
 * the state, so a loop that was stopped goes on bit for bit.
 *
 *     const loop = await RftLoop.open({ model, texts, pool, reward, settings, curriculum: { make: … }, openPolicy });
 *     while (loop.step < settings.steps) console.log((await loop.next()).figures);
 *     console.log(await loop.evaluate(test));
 */

import { check } from '../../core/errors.js';
import { checkStep } from '../../core/finite.js';
import { mean } from '../../core/statistics.js';
import { Rng } from '../../core/rng.js';
import type { PromptSummary } from '../../generator/group-generator.js';
import { angleOf, concentration } from '../../methods/curriculum/angle.js';
import type {
  AngleScore,
  Curriculum,
  CurriculumState,
  Prompt,
  StepOutcome,
} from '../../methods/curriculum/curriculum.js';
import type { Model, Weights } from '../../nn/model-file.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import type { Reward } from '../../rewards/reward.js';
import type { RftLoopSettings } from './config.js';
import { type Evaluation, evaluatePolicy, type SampleRow, sampleRows } from './evaluation.js';
import { learningRateOf } from './learning-rate.js';
import { modelOf, type PolicyModelOptions, type PolicyModelPort, type UpdateResult } from './policy-model.js';
import type { OpenPolicyModel } from './policy-model-handle.js';
import type { RftTask, TokenPrompts } from './prompts.js';
import { drawRollouts, type JudgedGroup, passRateOf, type RolloutParts, weightGroups } from './rollouts.js';
import { type Figures, stepFigures } from './step-metrics.js';
import type { Texts } from './texts.js';

/** What draws the prompts: any curriculum of src/methods, or one of the caller's own. */
export type LoopCurriculum = Pick<Curriculum, 'draw' | 'update'> &
  Partial<Pick<Curriculum, 'wantsScores' | 'reorder'>> & {
    /** Plain JSON. */
    state(): unknown;
  };

/** Makes the curriculum of a pool. */
export interface CurriculumSource {
  /** Whether `make` is to be given scores of the whole pool. */
  readonly needsScores?: boolean;
  make(
    pool: readonly Prompt[],
    given: { readonly scores?: readonly AngleScore[]; readonly state?: CurriculumState },
  ): LoopCurriculum;
}

/** Where a loop stands beside its tensors; plain JSON. */
export interface RftLoopState {
  readonly step: number;
  /** Sums over all steps of the figures in `totalNames`. */
  readonly totals: Readonly<Record<string, number>>;
  readonly curriculum: unknown;
  /** Of the pool, as the model at the start had them. */
  readonly scores?: readonly AngleScore[];
}

export interface RftLoopOptions {
  readonly model: Model<TransformerConfiguration>;
  /** Translates between texts and tokens of the model's vocabulary. */
  readonly texts: Texts;
  readonly pool: readonly RftTask[];
  readonly reward: Reward;
  readonly settings: RftLoopSettings;
  readonly curriculum: CurriculumSource;
  /** Scores of the pool by the model at the start, if they are known; else they are computed where they are needed. */
  readonly scores?: readonly AngleScore[];
  /** To go on from: what `tensors` and `state` gave. */
  readonly kept?: { readonly tensors: Weights; readonly state: RftLoopState };
  readonly openPolicy: OpenPolicyModel;
}

export interface RftStep {
  /** Steps made, this one included. */
  readonly step: number;
  /** By name, see `stepFigures`; totals over all steps begin with 'total'. */
  readonly figures: Figures;
  /** Judgements that failed, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Indices into the pool, in the order in which they were drawn. */
  readonly drawn: readonly number[];
  /** Pass rate of each prompt drawn. */
  readonly passRates: readonly number[];
  readonly samples: readonly SampleRow[];
}

/** Figures that are also summed up over all steps, under 'total…'. */
const totalNames = [
  'promptsDrawn',
  'rollouts',
  'tokensPrefill',
  'tokensDecode',
  'tokensTrain',
  'failures',
  'poolScorings',
] as const;

/** A loop at work. Calls must not overlap. */
export class RftLoop {
  readonly #options: RftLoopOptions;
  readonly #parts: RolloutParts;
  readonly #curriculum: LoopCurriculum;
  readonly #scores: readonly AngleScore[] | undefined;
  readonly #totals: Record<string, number>;
  readonly #learningRate: (step: number) => number;
  /** How long the scoring of the pool took; 0 if nothing was scored. */
  readonly scoringMs: number;
  #step: number;
  /** The state before a step that was given up. */
  #before: RftLoopState | undefined;

  /** Opens the model, and scores the pool if the curriculum needs it and no scores are given. */
  static async open(options: RftLoopOptions): Promise<RftLoop> {
    const { model, texts, pool, reward, settings, curriculum, kept, openPolicy } = options;
    check(pool.length > 0, 'The pool is empty; it must have at least one prompt');
    const prompts = await texts.encode(pool, { ...settings, context: model.architecture.context });
    const policy = await openPolicy(policyOptions(options));
    try {
      const started = performance.now();
      let scores = kept?.state.scores ?? options.scores;
      const isScored = curriculum.needsScores === true && scores === undefined;
      if (isScored) scores = await scoresOf(policy, prompts);
      const scoringMs = isScored ? performance.now() - started : 0;
      const described = pool.map(({ id, family, level }, i) => {
        return { id, family, level, length: prompts.tokens[i]!.length - prompts.prefixTokens };
      });
      const state = kept?.state.curriculum as CurriculumState | undefined;
      const made = curriculum.make(described, { ...(scores && { scores }), ...(state !== undefined && { state }) });
      const parts = { policy, texts, reward, tasks: pool, prompts };
      return new RftLoop(options, parts, { curriculum: made, scores, scoringMs });
    } catch (error) {
      await policy.close();
      throw error;
    }
  }

  private constructor(
    options: RftLoopOptions,
    parts: RolloutParts,
    found: { curriculum: LoopCurriculum; scores: readonly AngleScore[] | undefined; scoringMs: number },
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#curriculum = found.curriculum;
    this.#scores = found.scores;
    this.scoringMs = found.scoringMs;
    this.#learningRate = learningRateOf(options.settings);
    this.#step = options.kept?.state.step ?? 0;
    this.#totals = { ...options.kept?.state.totals };
  }

  /** Steps made. */
  get step(): number {
    return this.#step;
  }

  /** Scores of the pool that the curriculum was given, if any. */
  get scores(): readonly AngleScore[] | undefined {
    return this.#scores;
  }

  /**
   * Makes the next step; `signal` gives it up as long as nothing was learnt. If it rejects, the loop must be opened anew: from
   * a kept state, or after `signal` from what `tensors` and `state` give.
   */
  async next(signal?: AbortSignal): Promise<RftStep> {
    const started = performance.now();
    this.#before = this.state();
    const drawn = await this.#draw(signal);
    this.#before = undefined;
    const kept = drawn.kept;
    const learningRate = this.#learningRate(this.#step);
    const trainingFrom = performance.now();
    const updates = await this.#learn(kept, learningRate);
    const trainedAt = performance.now();
    const indices = drawn.groups.map(({ index }) => index);
    const passRates = drawn.groups.map(passRateOf);
    const told = await this.#tellCurriculum(drawn.groups, { drawn: indices, passRates });
    const done = performance.now();
    this.#step++;
    const figures = stepFigures({
      drawn: drawn.groups,
      kept,
      updates,
      learningRate,
      promptTokens: indices.map((index) => this.#parts.prompts.tokens[index]!.length),
      failures: Object.values(drawn.failures).reduce((sum, n) => sum + n, 0),
      times: {
        generateMs: drawn.generateMs,
        rewardMs: drawn.rewardMs,
        trainMs: trainedAt - trainingFrom,
        curriculumMs: drawn.curriculumMs + done - trainedAt,
        stepMs: done - started,
      },
    });
    const all = { ...figures, ...told };
    return {
      step: this.#step,
      figures: { ...all, ...this.#addTotals(all) },
      failures: drawn.failures,
      drawn: indices,
      passRates,
      samples: sampleRows(drawn.groups, this.#parts, this.#options.settings.shownSamples),
    };
  }

  /** Evaluates the model as it is now; changes nothing. */
  async evaluate(tasks: readonly RftTask[], signal?: AbortSignal): Promise<Evaluation> {
    const { model, texts, settings } = this.#options;
    const prompts = await texts.encode(tasks, { ...settings, context: model.architecture.context });
    return evaluatePolicy({ ...this.#parts, tasks, prompts }, settings, signal);
  }

  /** Scores of the pool by the model as it is now. */
  score(): Promise<AngleScore[]> {
    return scoresOf(this.#parts.policy, this.#parts.prompts);
  }

  /** All tensors that the next step depends on, copied. */
  tensors(): Promise<Weights> {
    return this.#parts.policy.state();
  }

  /** Everything else that it depends on. */
  state(): RftLoopState {
    if (this.#before) return this.#before;
    return {
      step: this.#step,
      totals: { ...this.#totals },
      curriculum: this.#curriculum.state(),
      ...(this.#scores && { scores: this.#scores }),
    };
  }

  /** The model as it is now. */
  async model(): Promise<Model<TransformerConfiguration>> {
    return modelOf(this.#options.model, await this.tensors());
  }

  close(): Promise<void> {
    return this.#parts.policy.close();
  }

  /** Groups of this step; groups without a signal are drawn anew as often as the settings allow. */
  async #draw(signal: AbortSignal | undefined): Promise<{
    readonly groups: readonly JudgedGroup[];
    readonly kept: readonly JudgedGroup[];
    readonly failures: Record<string, number>;
    readonly generateMs: number;
    readonly rewardMs: number;
    readonly curriculumMs: number;
  }> {
    const { settings } = this.#options;
    const chance = new Rng(settings.seed).fork(this.#step);
    const sum = { generateMs: 0, rewardMs: 0, curriculumMs: 0 };
    const groups: JudgedGroup[] = [];
    const failures: Record<string, number> = {};
    let useful: JudgedGroup[] = [];
    for (let round = 0; round <= settings.redraws && useful.length < settings.promptsPerStep; round++) {
      const asked = performance.now();
      const indices = this.#curriculum.draw(settings.promptsPerStep);
      check(indices.length > 0, 'The curriculum drew no prompt');
      sum.curriculumMs += performance.now() - asked;
      const seed = chance.fork(round).uint32();
      const rollouts = await drawRollouts(this.#parts, indices, { ...settings, seed }, signal);
      sum.generateMs += rollouts.generateMs;
      sum.rewardMs += rollouts.rewardMs;
      groups.push(...rollouts.groups);
      for (const [reason, count] of Object.entries(rollouts.failures))
        failures[reason] = (failures[reason] ?? 0) + count;
      useful = groups.filter((group) => group.hasSignal);
    }
    const kept = settings.redraws > 0 ? useful.slice(0, settings.promptsPerStep) : groups;
    return { groups, kept, failures, ...sum };
  }

  async #learn(groups: readonly JudgedGroup[], learningRate: number): Promise<UpdateResult[]> {
    const { settings } = this.#options;
    const size = Math.max(1, Math.ceil(groups.length / settings.miniBatches));
    const updates: UpdateResult[] = [];
    for (let pass = 0; pass < settings.passes; pass++) {
      for (let start = 0; start < groups.length; start += size) {
        const weighted = weightGroups(groups.slice(start, start + size), this.#parts.prompts.tokens, settings);
        // Nothing to learn: no update, rather than one by the momentum alone.
        if (weighted.length === 0) continue;
        const update = await this.#parts.policy.update({ groups: weighted, learningRate });
        await checkStep(this.#step + 1, update, () => this.tensors());
        updates.push(update);
      }
    }
    return updates;
  }

  /** Tells the curriculum what came of its draw, and scores the pool anew if it asks for that. */
  async #tellCurriculum(groups: readonly JudgedGroup[], outcome: Omit<StepOutcome, 'angle'>): Promise<Figures> {
    const angle = groups.map(({ summary }) => angleOfSummary(summary));
    this.#curriculum.update({ ...outcome, angle });
    const started = performance.now();
    const isScored = this.#curriculum.wantsScores === true && this.#curriculum.reorder !== undefined;
    if (isScored) this.#curriculum.reorder!(await this.score());
    const scored = isScored ? { scoringMs: performance.now() - started, poolScorings: 1 } : { poolScorings: 0 };
    return { angleMean: mean(angle.map(concentration)), ...scored, ...figuresOf(this.#curriculum.state()) };
  }

  #addTotals(figures: Figures): Figures {
    for (const name of totalNames) {
      const key = `total${name[0]!.toUpperCase()}${name.slice(1)}`;
      this.#totals[key] = (this.#totals[key] ?? 0) + figures[name]!;
    }
    return { ...this.#totals };
  }
}

async function scoresOf(policy: PolicyModelPort, { tokens, prefixTokens }: TokenPrompts): Promise<AngleScore[]> {
  return (await policy.summarise(tokens, prefixTokens)).map(angleOfSummary);
}

function angleOfSummary({ prefix, question, length }: PromptSummary): AngleScore {
  return angleOf(prefix, question, length);
}

function policyOptions({ model, settings, kept }: RftLoopOptions): PolicyModelOptions {
  const { clipLow, clipHigh, klCoefficient, klEstimator, entropyCoefficient, temperature } = settings;
  const { beta1, beta2, weightDecay, clipNorm } = settings;
  return {
    architecture: model.architecture,
    tensors: kept?.tensors ?? model.weights,
    loss: { clipLow, clipHigh, klCoefficient, klEstimator, entropyCoefficient, temperature },
    update: { optimizer: { kind: 'adamw', beta1, beta2, epsilon: 1e-8, weightDecay }, clipNorm },
  };
}

/** The numbers in a curriculum's state, such as where its window stands. */
function figuresOf(state: unknown): Figures {
  if (typeof state !== 'object' || state === null) return {};
  const numbers = Object.entries(state).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(numbers.map(([name, value]) => [`curriculum.${name}`, value]));
}
