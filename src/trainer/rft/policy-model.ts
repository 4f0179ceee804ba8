/**
 * The policy model of an `rft` job, which is the model under training: draws completions, is updated, and can be kept and
 * restored bit for bit. The model blocks the calling thread; a server has the model in a thread of its own
 * (policy-model-handle.ts). All calls take and give plain data.
 */

import { assert, check } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import type { Engine, NamedTensors, Program, Wanted } from '../../engine/engine.js';
import { ProgramShelf } from '../../engine/program-shelf.js';
import { type Group, GroupGenerator, type GroupSettings, type PromptSummary } from '../../generator/group-generator.js';
import { next } from '../../nn/graph.js';
import type { Model, Weights } from '../../nn/model-file.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { transformerParameters } from '../../nn/networks/transformer/parameters.js';
import { gradientName } from '../../nn/networks/transformer/pieces.js';
import {
  likelihoodGraph,
  policyGradientGraph,
  type PolicyLossOptions,
  policySums,
} from '../../nn/networks/transformer/policy-loss.js';
import type { RowShape } from '../../nn/networks/transformer/rows.js';
import { transformerUpdate, type UpdateOptions } from '../../nn/networks/transformer/update.js';
import { type TensorData, sizeOf } from '../../nn/types.js';
import { type Rectangle, rectanglesOf, type WeightedGroup } from './rows.js';

export interface PolicyModelOptions {
  readonly architecture: TransformerConfiguration;
  /** Weights under their names; a kept state also has the optimizer's moments and the reference. */
  readonly tensors: Weights;
  readonly loss: PolicyLossOptions;
  readonly update: UpdateOptions;
}

/** What to draw; every completion has chance of its own, a function of `seed` and of its place. */
export interface RolloutRequest extends Omit<GroupSettings, 'rng'> {
  readonly prompts: readonly (readonly number[])[];
  readonly seed: number;
}

export interface UpdateRequest {
  readonly groups: readonly WeightedGroup[];
  readonly learningRate: number;
}

/** Sums over the tokens learnt from (see `policyLoss`), how many they are, and the length of the gradient before clipping. */
export type UpdateResult = Record<(typeof policySums)[number] | 'tokens' | 'computedTokens' | 'gradientNorm', number>;

/** What a loop asks of its model; `policyModelHere` opens one in this thread, `policyModelThread` in another. */
export interface PolicyModelPort {
  generate(request: RolloutRequest): Promise<Group[]>;
  /** Reads prompts without drawing completions. */
  summarise(prompts: readonly (readonly number[])[], prefixTokens: number): Promise<PromptSummary[]>;
  update(request: UpdateRequest): Promise<UpdateResult>;
  /** All that the next update depends on, copied. */
  state(): Promise<Weights>;
  close(): Promise<void>;
}

/** Graphs of the loss kept compiled, one for each shape of a rectangle. */
const GRAPHS = 48;
const REFERENCE = 'reference:';

type Buffers = Record<string, TensorData>;

/** A policy model in this thread. Calls must not overlap. */
export class PolicyModel implements PolicyModelPort {
  readonly #options: PolicyModelOptions;
  readonly #gradients: ProgramShelf<RowShape>;
  readonly #likelihoods: ProgramShelf<RowShape>;
  readonly #update: Program;
  readonly #reference: NamedTensors;
  #generator!: GroupGenerator;
  /** Two sets of buffers that change places: an update reads one and writes the other. */
  #state: Buffers;
  #spare: Buffers;
  #totals: Buffers;
  #spareTotals: Buffers;

  /** @throws AppError 'invalid-argument' if weights are missing or have other shapes */
  static async open(engine: Engine, options: PolicyModelOptions): Promise<PolicyModel> {
    const { graph, state } = transformerUpdate(options.architecture, options.update);
    const update = await engine.compile(graph);
    const initial = state.map(({ name, shape, initial: value }) => {
      const given = options.tensors.get(name)?.data;
      const size = sizeOf(shape);
      check(given !== undefined || typeof value === 'number', `Parameter '${name}' is missing`);
      check(given === undefined || given.length === size, `Parameter '${name}' must have ${size} values`);
      const data = given ? Float32Array.from(given) : new Float32Array(size).fill(Number(value));
      return [name, { shape, data }] as const;
    });
    const policy = new PolicyModel(engine, options, { update, state: Object.fromEntries(initial) });
    policy.#generator = await GroupGenerator.open(engine, options.architecture, () => policy.#weights());
    return policy;
  }

  private constructor(
    engine: Engine,
    options: PolicyModelOptions,
    { update, state }: { readonly update: Program; readonly state: Buffers },
  ) {
    const { architecture, loss } = options;
    this.#options = options;
    this.#update = update;
    this.#gradients = new ProgramShelf((of) => engine.compile(policyGradientGraph(architecture, of, loss)), GRAPHS);
    const { temperature } = loss;
    this.#likelihoods = new ProgramShelf(
      (of) => engine.compile(likelihoodGraph(architecture, of, temperature)),
      GRAPHS,
    );
    this.#state = state;
    this.#spare = emptyLike(state);
    const gradients = transformerParameters(architecture).map(({ name, shape }) => [gradientName(name), { shape }]);
    this.#totals = emptyLike(Object.fromEntries(gradients) as Record<string, Pick<TensorData, 'shape'>>);
    this.#spareTotals = emptyLike(this.#totals);
    this.#reference = loss.klCoefficient > 0 ? referenceOf(options) : {};
  }

  generate({ prompts, seed, ...settings }: RolloutRequest): Promise<Group[]> {
    const rng = new Rng(seed);
    return this.#generator.generate(prompts, { ...settings, rng: (prompt, i) => rng.fork(prompt).fork(i) });
  }

  summarise(prompts: readonly (readonly number[])[], prefixTokens: number): Promise<PromptSummary[]> {
    return this.#generator.summarise(prompts, prefixTokens);
  }

  async update({ groups, learningRate }: UpdateRequest): Promise<UpdateResult> {
    for (const { data } of Object.values(this.#totals)) (data as Float32Array).fill(0);
    const sums = Object.fromEntries(policySums.map((name) => [name, 0])) as UpdateResult;
    sums.tokens = groups.reduce(
      (sum, { completions }) => sum + completions.reduce((n, c) => n + c.tokens.length, 0),
      0,
    );
    sums.computedTokens = 0;
    for (const rectangle of rectanglesOf(groups)) {
      const results = await this.#addGradients(rectangle);
      for (const name of policySums) sums[name] += Number(results[name]!.data[0]);
      sums.computedTokens += rectangle.shape.rows * rectangle.shape.length;
    }
    sums.gradientNorm = await this.#advance(learningRate);
    return sums;
  }

  state(): Promise<Weights> {
    const prefixed = Object.entries(this.#reference).map(([name, tensor]) => [REFERENCE + name, tensor] as const);
    const copies = [...Object.entries(this.#state), ...prefixed].map(
      ([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as Float32Array) }] as const,
    );
    return Promise.resolve(new Map(copies));
  }

  async close(): Promise<void> {
    await this.#generator.close();
    await this.#gradients.close();
    await this.#likelihoods.close();
    await this.#update.release();
  }

  #weights(): NamedTensors {
    const names = transformerParameters(this.#options.architecture).map(({ name }) => name);
    return Object.fromEntries(names.map((name) => [name, this.#state[name]!]));
  }

  async #addGradients({ shape, inputs }: Rectangle): Promise<NamedTensors> {
    const reference = await this.#referenceOf({ shape, inputs });
    const program = await this.#gradients.get(shape);
    const wanted: Record<string, Wanted[string]> = Object.fromEntries(policySums.map((name) => [name, null]));
    for (const [name, buffer] of Object.entries(this.#spareTotals)) wanted[next(name)] = buffer;
    const results = await program.run({ ...this.#weights(), ...this.#totals, ...inputs, ...reference }, wanted);
    [this.#totals, this.#spareTotals] = [this.#spareTotals, this.#totals];
    return results;
  }

  async #referenceOf({ shape, inputs }: Rectangle): Promise<NamedTensors> {
    if (this.#options.loss.klCoefficient === 0) return {};
    const { tokens, positions, segments, targets } = inputs;
    const program = await this.#likelihoods.get(shape);
    const given = { tokens: tokens!, positions: positions!, segments: segments!, targets: targets! };
    const { logProbabilities } = await program.run({ ...this.#reference, ...given });
    return { referenceLogProbabilities: logProbabilities! };
  }

  /** @returns the length of the gradient before clipping */
  async #advance(learningRate: number): Promise<number> {
    const wanted: Record<string, Wanted[string]> = { gradientNorm: null };
    for (const [name, buffer] of Object.entries(this.#spare)) wanted[next(name)] = buffer;
    const rate = { shape: [], data: Float32Array.of(learningRate) };
    const results = await this.#update.run({ ...this.#totals, ...this.#state, learningRate: rate }, wanted);
    [this.#state, this.#spare] = [this.#spare, this.#state];
    return Number(results['gradientNorm']!.data[0]);
  }
}

/** The kept reference, else the weights as they are given. */
function referenceOf({ architecture, tensors }: PolicyModelOptions): NamedTensors {
  const found = transformerParameters(architecture).map(({ name, shape }) => {
    const tensor = tensors.get(REFERENCE + name) ?? tensors.get(name);
    assert(tensor !== undefined, `weights '${name}' were checked`);
    return [name, { shape, data: Float32Array.from(tensor.data) }] as const;
  });
  return Object.fromEntries(found);
}

/** The weights in the state of a policy model. */
export function modelOf(
  { architecture, metadata }: Omit<Model<TransformerConfiguration>, 'weights'>,
  state: Weights,
): Model<TransformerConfiguration> {
  const weights = transformerParameters(architecture).map(({ name }) => [name, state.get(name)!] as const);
  return { architecture, metadata, weights: new Map(weights) };
}

function emptyLike(tensors: Readonly<Record<string, Pick<TensorData, 'shape'>>>): Buffers {
  const buffers = Object.entries(tensors).map(([name, { shape }]) => {
    return [name, { shape, data: new Float32Array(sizeOf(shape)) }] as const;
  });
  return Object.fromEntries(buffers);
}
