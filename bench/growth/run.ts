/** One run of a comparison: an arm with a seed. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { assert } from '../../src/core/errors.js';
import type { Engine } from '../../src/engine/engine.js';
import { type AnyArchitecture, decodeAnyModel, encodeModel, type Weights } from '../../src/nn/model-file.js';
import { growNetwork, type GrowthReport } from '../../src/trainer/grow/train-operator.js';
import { type Arm, arms } from './arms.js';
import { targetLoss } from './report.js';
import { appendRun, readRuns, type RunLine, sourceFile } from './results.js';
import type { Subject } from './subject.js';
import { trainNetwork } from './training.js';

/** A backward pass is two forward passes. */
const TRAINING = 3;

interface Source<A> {
  readonly architecture: A;
  readonly weights: Weights;
  readonly cost: number;
}

/** Makes the run and appends it. The run from scratch of the same seed comes first. */
export async function makeRun<A extends AnyArchitecture>(
  engine: Engine,
  subject: Subject<A>,
  { arm: name, seed, learningRate }: { readonly arm: string; readonly seed: number; readonly learningRate: number },
): Promise<RunLine> {
  const arm = arms[name]!;
  const started = performance.now();
  const start = await startOf(engine, subject, arm, seed, learningRate);
  const stepCost = TRAINING * subject.forwardCost(start.architecture);
  const runs = readRuns(subject.name);
  const isScratch = arm.from === 'nothing';
  const scratchCost = subject.steps * TRAINING * subject.forwardCost(subject.target);
  const trained = await trainNetwork(engine, subject.task(seed), start, {
    // The small network, trained on, gets what the target from scratch gets.
    steps: name === 'small' ? Math.floor(scratchCost / stepCost) : subject.steps,
    firstBatch: arm.from === 'nothing' ? 0 : subject.smallSteps,
    evaluationSteps: name === 'small' ? 2 * subject.evaluationSteps : subject.evaluationSteps,
    learningRate,
    ...(isScratch ? {} : { until: targetLoss(runs, seed, learningRate) }),
  });
  const line: RunLine = {
    ...{ arm: name, seed, learningRate, curve: trained.curve, stepCost },
    ...{ growthCost: start.growthCost, sourceCost: start.sourceCost },
    seconds: (performance.now() - started) / 1000,
    ...(start.growth && { growth: start.growth }),
  };
  appendRun(subject.name, line);
  return line;
}

interface Start<A> {
  readonly architecture: A;
  readonly weights: Weights;
  readonly growthCost: number;
  readonly sourceCost: number;
  readonly growth?: GrowthReport;
}

async function startOf<A extends AnyArchitecture>(
  engine: Engine,
  subject: Subject<A>,
  arm: Arm,
  seed: number,
  learningRate: number,
): Promise<Start<A>> {
  const { target } = subject;
  if (arm.from === 'nothing') {
    return { architecture: target, weights: subject.initial(target, seed), growthCost: 0, sourceCost: 0 };
  }
  const source = await sourceOf(engine, subject, arm, seed, learningRate);
  const { settings } = arm;
  if (settings === undefined) return { ...source, growthCost: 0, sourceCost: source.cost };
  const steps = settings.isTrained ? subject.operatorSteps : 0;
  const { weights, report } = await growNetwork(engine, {
    ...{ source, target, settings, steps, seed },
    plan: subject.plan(source.architecture, target, settings.coupling),
    task: subject.operatorTask(seed),
    learningRate: subject.operatorRate,
  });
  const forward = subject.forwardCost(target) + report.operatorCost;
  const growthCost = steps * TRAINING * forward + report.operatorCost;
  return { architecture: target, weights, growthCost, sourceCost: source.cost, growth: report };
}

/** The network to grow, trained the first time it is wanted. */
async function sourceOf<A extends AnyArchitecture>(
  engine: Engine,
  subject: Subject<A>,
  arm: Arm,
  seed: number,
  learningRate: number,
): Promise<Source<A>> {
  const architecture = arm.from === 'shallow' ? subject.shallow : subject.small;
  const weights = subject.initial(architecture, seed + 1000);
  if (arm.from === 'untrained') return { architecture, weights, cost: 0 };
  const cost = subject.smallSteps * TRAINING * subject.forwardCost(architecture);
  const file = sourceFile(subject.name, arm.from, seed);
  if (!existsSync(file)) {
    const options = { steps: subject.smallSteps, firstBatch: 0, evaluationSteps: 500, learningRate };
    const trained = await trainNetwork(engine, subject.task(seed), { architecture, weights }, options);
    writeFileSync(file, encodeModel({ architecture, weights: trained.weights, metadata: {} }));
  }
  const model = decodeAnyModel(readFileSync(file));
  assert(model.architecture.kind === architecture.kind, 'the kept source is of another kind');
  return { architecture, weights: model.weights, cost };
}
