/**
 * One training step of a Go network as one graph: forward, losses, gradients, clipping, optimizer, moving average.
 *
 * Inputs of a batch of N: `planes` [N, P, S, S], `globals` [N, G], `policyTarget` [N, S² + 1], `policyWeight` [N],
 * `valueTarget` [N, 3], `ownershipTarget` [N, S²], `scoreTarget` [N], `weight` [N] (their meanings: `GoTargets`), and the
 * scalar `learningRate`. Outputs: `trainingMetrics`, all scalars. State (see graph.ts): the parameters in one vector
 * (flat-parameters.ts), and what else `TrainingStep.state` lists.
 */

import { assert, check } from '../core/errors.js';
import { FlatParameters, VECTOR } from './flat-parameters.js';
import { type Graph, type Tensor, graph, input, next } from './graph.js';
import { gradients } from './gradients.js';
import type { Weights } from './model-file.js';
import { type LossBatch, type LossWeights, goLoss } from './networks/go-loss.js';
import { type GoArchitecture, boardsOf, goOutputs, goParameters, positionsInPart } from './networks/go-network.js';
import { withoutDraws } from './networks/katago/outputs.js';
import { add, mul } from './operations/arithmetic.js';
import { total } from './operations/total.js';
import { type AdamWOptions, adamW } from './optimizers/adamw.js';
import { clipByNorm, globalNorm } from './optimizers/clipping.js';
import { type Optimizer, type StateTensor, States } from './optimizers/optimizer.js';
import { type SgdOptions, sgd } from './optimizers/sgd.js';
import { type Shape, type TensorData, sizeOf } from './types.js';

export type OptimizerOptions = SgdOptions | AdamWOptions;

/** Everything that a training step is made from. */
export interface TrainingStepOptions {
  readonly architecture: GoArchitecture;
  /** S, of the boards that the network plays; the largest if not given. */
  readonly size?: number;
  /** N, the same in every step. */
  readonly batchSize: number;
  /**
   * The batch is cut into parts in which a layer of the trunk has about so many numbers (`Engine.partFloats`); not given:
   * it is computed at once. Parts add up in another order than the whole does, so they change the last digits.
   */
  readonly partFloats?: number | undefined;
  readonly optimizer: OptimizerOptions;
  readonly losses: LossWeights;
  /** Largest length of the gradient; not given or 0: no clipping. */
  readonly clipNorm?: number;
  /** Decay d of the average of the weights, a ← d·a + (1 − d)·w; not given or 0: no average. */
  readonly emaDecay?: number;
}

/** The scalars that a step reports. The length of the gradient is that before clipping. */
export const trainingMetrics = [
  'loss',
  'policyLoss',
  'valueLoss',
  'ownershipLoss',
  'scoreLoss',
  'gradientNorm',
] as const;

/** A step and the state it needs. */
export interface TrainingStep {
  readonly graph: Graph;
  /** The vector of parameters first, then the optimizer's state, then the averages. */
  readonly state: readonly StateTensor[];
  readonly parameters: FlatParameters;
  /** The shapes of the whole batch's inputs, without `learningRate`; the graph takes those of a part (see parts.ts). */
  readonly batch: Readonly<Record<string, Shape>>;
}

/** Builds the graph of a training step. */
export function trainingStep(options: TrainingStepOptions): TrainingStep {
  const { architecture, clipNorm = 0, emaDecay = 0 } = options;
  const batch = batchShapes(options);
  const part = { ...options, batchSize: partSize(options) };
  const data = new Map(Object.entries(batchShapes(part)).map(([name, shape]) => [name, input(name, shape)]));
  const parameters = new FlatParameters(goParameters(architecture));
  const { tensors, vector } = parameters;
  const losses = lossesOf(
    options,
    (name) => tensors.get(name)!,
    (name) => data.get(name)!,
    { positions: options.batchSize, total },
  );

  const raw = total(parameters.join(gradients(losses.loss, [...tensors.values()])));
  const gradientNorm = globalNorm([raw]);
  const [gradient] = clipNorm > 0 ? clipByNorm([raw], gradientNorm, clipNorm) : [raw];
  const states = new States();
  const decays = parameters.mask((shape) => shape.length > 1);
  const trainable = { name: VECTOR, value: vector, gradient: gradient!, decays };
  const updated = makeOptimizer(options.optimizer)([trainable], input('learningRate', []), states).get(VECTOR)!;
  const fromWeights = { shape: vector.shape, initial: { copyOf: VECTOR } };
  if (emaDecay > 0) {
    states.advance({ name: averageName(VECTOR), ...fromWeights }, (present) =>
      add(mul(present, emaDecay), mul(updated, 1 - emaDecay)),
    );
  }
  const following = [[VECTOR, updated] as const, ...states.next].map(([name, tensor]) => [next(name), tensor] as const);
  return {
    graph: graph({ ...losses, gradientNorm, ...Object.fromEntries(following) }),
    state: [{ name: VECTOR, ...fromWeights }, ...states.declared],
    parameters,
    batch,
  };
}

/** The state before the first step of training from `weights`; arrays of its own. */
export function initialState(step: TrainingStep, weights: Weights): Record<string, TensorData> {
  return Object.fromEntries(
    step.state.map(({ name, shape, initial }) => {
      if (typeof initial !== 'number') return [name, step.parameters.pack(weights)] as const;
      return [name, { shape, data: new Float32Array(sizeOf(shape)).fill(initial) }];
    }),
  );
}

/** A state with each parameter, moment and average under a name of its own, as checkpoints hold it; copies. */
export function namedState(step: TrainingStep, state: Readonly<Record<string, TensorData>>): Map<string, TensorData> {
  return new Map(
    Object.entries(state).flatMap(([name, tensor]) => {
      const prefix = prefixOf(name);
      return prefix === undefined ? [[name, tensor]] : step.parameters.unpack(tensor, prefix);
    }),
  );
}

/**
 * The state that `namedState` was made from; what is no part of it is left out.
 *
 * @throws AppError 'invalid-argument' if a tensor is missing, or is of another size
 */
export function flatState(step: TrainingStep, named: ReadonlyMap<string, TensorData>): Record<string, TensorData> {
  const tensors = step.state.map(({ name }) => {
    const prefix = prefixOf(name);
    const tensor = prefix === undefined ? named.get(name) : step.parameters.pack(named, prefix);
    check(tensor !== undefined, () => `The state '${name}' is missing`);
    return [name, tensor] as const;
  });
  return Object.fromEntries(tensors);
}

/** What stands before the vector's name in a state of the parameters; undefined for other states. */
function prefixOf(name: string): string | undefined {
  return name.endsWith(VECTOR) ? name.slice(0, -VECTOR.length) : undefined;
}

/** The name of the state that averages a parameter over time. */
export function averageName(parameter: string): string {
  return `average:${parameter}`;
}

/** The weights in a state by names: the averages if there are any and they are wanted, else the parameters themselves. */
export function weightsOf(
  architecture: GoArchitecture,
  state: ReadonlyMap<string, TensorData>,
  kind: 'latest' | 'average',
): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  return new Map(
    goParameters(architecture).map(({ name, shape }) => {
      const tensor = state.get(kind === 'average' ? averageName(name) : name) ?? state.get(name);
      assert(tensor?.data instanceof Float32Array, `the training state holds no '${name}'`);
      return [name, { shape, data: tensor.data }];
    }),
  );
}

/** Positions of a part: all parts are equally long, but for what is filled up with zeros. */
function partSize({
  architecture,
  size = boardsOf(architecture)[1],
  batchSize,
  partFloats,
}: TrainingStepOptions): number {
  if (partFloats === undefined) return batchSize;
  const most = positionsInPart(architecture, size, partFloats);
  // Mostly an even number of them, so that two threads have the same to do.
  const parts = batchSize <= most ? 1 : 2 * Math.max(1, Math.round(batchSize / most / 2));
  return Math.ceil(batchSize / parts);
}

type BatchOptions = Pick<TrainingStepOptions, 'architecture' | 'size' | 'batchSize'>;

function batchShapes({
  architecture,
  size = boardsOf(architecture)[1],
  batchSize: count,
}: BatchOptions): Record<string, Shape> {
  const { planes, globals } = architecture;
  return {
    planes: [count, planes, size, size],
    globals: [count, globals],
    policyTarget: [count, size * size + 1],
    policyWeight: [count],
    valueTarget: [count, 3],
    ownershipTarget: [count, size * size],
    scoreTarget: [count],
    weight: [count],
  };
}

/** What a step minimises, as a graph of the batch's inputs and of any tensors for the parameters. */
export function batchLoss(
  options: BatchOptions & Pick<TrainingStepOptions, 'losses'>,
  parameter: (name: string) => Tensor,
): Tensor {
  const shapes = batchShapes(options);
  const inputs = new Map(Object.entries(shapes).map(([name, shape]) => [name, input(name, shape)]));
  return lossesOf(options, parameter, (name) => inputs.get(name)!).loss;
}

function lossesOf(
  { architecture, losses }: Pick<TrainingStepOptions, 'architecture' | 'losses'>,
  parameter: (name: string) => Tensor,
  data: (name: string) => Tensor,
  batch: LossBatch = {},
): Record<Exclude<(typeof trainingMetrics)[number], 'gradientNorm'>, Tensor> {
  const outputs = goOutputs(architecture, parameter, data('planes'), data('globals'));
  const targets = {
    policy: data('policyTarget'),
    policyWeight: data('policyWeight'),
    value: architecture.kind === 'katago' ? withoutDraws(data('valueTarget')) : data('valueTarget'),
    ownership: data('ownershipTarget'),
    score: data('scoreTarget'),
    weight: data('weight'),
  };
  return { ...goLoss(outputs, targets, losses, batch) };
}

function makeOptimizer(options: OptimizerOptions): Optimizer {
  return options.kind === 'sgd' ? sgd(options) : adamW(options);
}
