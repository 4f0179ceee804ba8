/** Trains one network and writes down its held-out loss. */

import type { Engine } from '../../src/engine/engine.js';
import { graph, input } from '../../src/nn/graph.js';
import type { Weights } from '../../src/nn/model-file.js';
import { adamStep, learningRateOf } from '../../src/trainer/growth/adam-step.js';
import type { TensorData } from '../../src/nn/types.js';
import type { Task } from '../../src/trainer/growth/task.js';
import type { Point, Schedule } from './lines.js';

export interface TrainingOptions {
  readonly steps: number;
  /** The step of the data that is its first. */
  readonly firstBatch: number;
  readonly evaluationSteps: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Ends early once two evaluations running are at or below this. */
  readonly until?: number;
}

/** Steps of warm-up; of a short run a tenth. */
const WARMUP = 50;

/** Trains from `weights`; the curve begins with the loss before the first step. */
export async function trainNetwork<A>(
  engine: Engine,
  task: Task<A>,
  model: { readonly architecture: A; readonly weights: Weights },
  options: TrainingOptions,
): Promise<{ readonly curve: readonly Point[]; readonly weights: Weights }> {
  const inputs = new Map([...model.weights].map(([name, { shape }]) => [name, input(name, shape)]));
  const loss = task.lossOf(model.architecture, (name) => inputs.get(name)!);
  const step = adamStep(loss, [...inputs.values()], Object.fromEntries(model.weights), { kind: 'adamw', beta2: 0.99 });
  const training = await engine.train(step.graph, step.state);
  const evaluation = await engine.compile(graph({ loss }));
  const curve: Point[] = [];
  const weightsNow = async (): Promise<Weights> => {
    const state = await training.exportState();
    return new Map(
      [...model.weights.keys()].map((name) => [name, state[name]! as { shape: readonly number[]; data: Float32Array }]),
    );
  };
  try {
    for (let made = 0; ; made++) {
      if (made % options.evaluationSteps === 0 || made === options.steps) {
        const given = Object.fromEntries(await weightsNow());
        let total = 0;
        for (const batch of task.heldOut)
          total += Number((await evaluation.run({ ...batch, ...given }))['loss']!.data[0]);
        curve.push([made, total / task.heldOut.length]);
      }
      if (made >= options.steps || hasHit(curve, options.until)) break;
      await training.step({ ...task.batch(options.firstBatch + made), learningRate: rateAt(options, made) });
    }
    return { curve, weights: await weightsNow() };
  } finally {
    await training.release();
    await evaluation.release();
  }
}

function rateAt({ learningRate, schedule, steps }: TrainingOptions, made: number): TensorData {
  const share = schedule === 'decay' ? 1 - made / steps : 1;
  return learningRateOf(learningRate * share, made, Math.min(WARMUP, steps / 10));
}

/** Whether the last two evaluations are at or below the target. */
function hasHit(curve: readonly Point[], until = -Infinity): boolean {
  return curve.length > 1 && curve.slice(-2).every(([, loss]) => loss <= until);
}
