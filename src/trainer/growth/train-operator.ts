/**
 * Grows a network: makes the operator, trains it on the network's own task with the source's weights held fixed, and writes
 * out the target's weights. The best operator on held-out batches is kept, the one before training included.
 */

import { assert } from '../../core/errors.js';
import { checkStep } from '../../core/finite.js';
import type { Engine, NamedTensors, Program } from '../../engine/engine.js';
import type { GrowthPlan } from '../../methods/growth/bundle.js';
import { makeOperator, type Operator } from '../../methods/growth/operator.js';
import type { OperatorSettings } from '../../methods/growth/settings.js';
import { graph, input, type Tensor } from '../../nn/graph.js';
import type { Weights } from '../../nn/model-file.js';
import { adamStep, learningRateOf } from './adam-step.js';
import type { Task } from './task.js';

/** A network to grow, and into what. */
export interface Growth<A> {
  readonly source: { readonly architecture: A; readonly weights: Weights };
  readonly target: A;
  readonly plan: GrowthPlan;
  readonly settings: OperatorSettings;
  readonly task: Task<A>;
  readonly seed: number;
  /** Training steps of the operator; of no meaning if the settings do not train it. */
  readonly steps: number;
  readonly learningRate: number;
}

/** Progress of the operator's training. */
export interface OperatorStep {
  /** Steps made. */
  readonly step: number;
  /** Loss of the batch of the step. */
  readonly loss: number;
}

export interface GrowthReport {
  /** On the held-out batches: of the source, of the target before the operator's training, and of the result. */
  readonly sourceLoss: number;
  readonly initialLoss: number;
  readonly loss: number;
  /** Steps made, and after how many the kept operator was. */
  readonly steps: number;
  readonly bestStep: number;
  /** Multiplications to apply the operator once. */
  readonly operatorCost: number;
  /** Numbers in the operator. */
  readonly operatorSize: number;
  readonly trainingMs: number;
}

export interface Grown {
  readonly weights: Weights;
  /** The trained part of the operator. */
  readonly cores: NamedTensors;
  readonly report: GrowthReport;
}

export interface GrowthHooks {
  readonly signal?: AbortSignal;
  /** Called after each step of the operator; the next one waits for what it returns. */
  readonly onStep?: (step: OperatorStep) => void | Promise<void>;
}

/** Steps of warm-up, and parts of the training between two looks at the held-out loss. */
const WARMUP = 10;
const LOOKS = 4;

/** Grows. @throws the signal's reason if it is aborted */
export async function growNetwork<A>(engine: Engine, growth: Growth<A>, hooks: GrowthHooks = {}): Promise<Grown> {
  const { source, target, plan, settings, task } = growth;
  const operator = makeOperator(plan, settings, source.weights, growth.seed);
  const sourceLoss = await lossOfWeights(engine, task, source);
  const started = performance.now();
  const trained = await trainOperator(engine, growth, operator, hooks);
  const trainingMs = performance.now() - started;
  hooks.signal?.throwIfAborted();
  const weights = await materialise(engine, plan, operator, trained.cores);
  const { initialLoss, steps, bestStep } = trained;
  // Of what was written, not of what was meant to be.
  const loss = await lossOfWeights(engine, task, { architecture: target, weights });
  const { cost: operatorCost, size: operatorSize } = operator;
  const report = { sourceLoss, initialLoss, loss, steps, bestStep, operatorCost, operatorSize, trainingMs };
  return { weights, cores: trained.cores, report };
}

/** The mean loss of a network on the task's held-out batches. */
export async function lossOfWeights<A>(
  engine: Engine,
  task: Task<A>,
  { architecture, weights }: { readonly architecture: A; readonly weights: Weights },
): Promise<number> {
  const inputs = new Map([...weights].map(([name, { shape }]) => [name, input(name, shape)]));
  const loss = task.lossOf(architecture, (name) => parameterOf(inputs, name));
  const program = await engine.compile(graph({ loss }));
  try {
    return await meanLoss(program, task.heldOut, Object.fromEntries(weights));
  } finally {
    await program.release();
  }
}

interface TrainedOperator {
  readonly cores: NamedTensors;
  readonly initialLoss: number;
  readonly steps: number;
  readonly bestStep: number;
}

async function trainOperator<A>(
  engine: Engine,
  { target, task, steps, learningRate }: Growth<A>,
  { parameters, trained, initial }: Operator,
  { signal, onStep }: GrowthHooks,
): Promise<TrainedOperator> {
  const loss = task.lossOf(target, (name) => parameterOf(parameters, name));
  const program = await engine.compile(graph({ loss }));
  try {
    const initialLoss = await meanLoss(program, task.heldOut, initial);
    let best: TrainedOperator = { cores: initial, initialLoss, steps: 0, bestStep: 0 };
    if (trained.length === 0 || steps === 0) return best;
    const step = adamStep(loss, trained, initial, { kind: 'adamw', beta2: 0.99 });
    const training = await engine.train(step.graph, step.state);
    try {
      let least = initialLoss;
      for (let made = 1; made <= steps; made++) {
        signal?.throwIfAborted();
        const rate = learningRateOf(learningRate, made - 1, WARMUP);
        const reported = await training.step({ ...task.batch(made - 1), learningRate: rate });
        await checkStep(made, reported, async () => Object.entries(await training.exportState()));
        await onStep?.({ step: made, loss: reported['loss']! });
        if (made !== steps && made % Math.ceil(steps / LOOKS) !== 0) continue;
        const state = await training.exportState();
        const cores = Object.fromEntries(trained.map(({ name }) => [name, state[name]!]));
        const now = await meanLoss(program, task.heldOut, cores);
        if (now < least) [least, best] = [now, { ...best, cores, bestStep: made }];
      }
      return { ...best, steps };
    } finally {
      await training.release();
    }
  } finally {
    await program.release();
  }
}

async function meanLoss(program: Program, batches: readonly NamedTensors[], given: NamedTensors): Promise<number> {
  let total = 0;
  for (const batch of batches) total += Number((await program.run({ ...batch, ...given }))['loss']!.data[0]);
  return total / batches.length;
}

/** Applies an operator with the given cores: the weights of the target. */
export async function materialise(
  engine: Engine,
  { targetShapes }: GrowthPlan,
  { parameters }: Operator,
  cores: NamedTensors,
): Promise<Weights> {
  const program = await engine.compile(graph(Object.fromEntries(parameters)));
  try {
    const outputs = await program.run(cores);
    return new Map(
      [...targetShapes].map(([name, shape]) => [name, { shape, data: outputs[name]!.data as Float32Array }]),
    );
  } finally {
    await program.release();
  }
}

function parameterOf(parameters: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = parameters.get(name);
  assert(tensor !== undefined, `no parameter '${name}'`);
  return tensor;
}
