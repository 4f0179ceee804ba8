/** The model that every run starts from: a small transformer fine-tuned on tasks with their answers. */

import { Rng } from '../../src/core/rng.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { checkTransformer, type TransformerConfiguration } from '../../src/nn/networks/transformer/configuration.js';
import { initialTransformer, transformerParameters } from '../../src/nn/networks/transformer/parameters.js';
import { transformerStep } from '../../src/nn/networks/transformer/whole.js';
import type { TensorData } from '../../src/nn/types.js';
import type { Task } from '../../src/tasks/suite.js';
import { byteTokenizer } from '../../src/text/bytes.js';

export interface WarmStartOptions {
  readonly tasks: readonly Task[];
  /** How often a level is drawn, relative to the one below it. */
  readonly decay: number;
  readonly prefix: string;
  readonly hidden: number;
  readonly layers: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

const CONTEXT = 128;

/** Trains the model and returns its file. */
export async function warmStart(options: WarmStartOptions): Promise<Uint8Array> {
  const architecture = architectureOf(options);
  const rng = new Rng(options.seed);
  const weights = initialTransformer(architecture, rng.fork(1));
  const optimizer = { kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01 } as const;
  const step = transformerStep(architecture, optimizer, 1);
  const state = step.state.map(({ name, shape, initial }) => {
    const data = typeof initial === 'number' ? new Float32Array(size(shape)).fill(initial) : weights.get(name)!.data;
    return [name, { shape, data }] as const;
  });
  const engine = await openEngine(cpuEngine);
  const training = await engine.train(step.graph, Object.fromEntries(state));
  const draw = drawer(options, rng.fork(2));
  for (let i = 0; i < options.steps; i++) {
    const tasks = Array.from({ length: options.batchSize }, draw);
    // Falls to a tenth at the end.
    const rate = options.learningRate * Math.min(1, (i + 1) / 20) * (1 - (0.9 * i) / options.steps);
    const { loss } = await training.step({ ...packed(tasks, options.prefix), learningRate: scalar(rate) });
    if (i % 100 === 99) process.stderr.write(`warm start: step ${i + 1}, loss ${loss?.toFixed(4) ?? '?'}\n`);
  }
  const trained = await training.exportState();
  await training.release();
  await engine.close();
  const names = transformerParameters(architecture).map(({ name }) => name);
  const own = names.map((name) => [name, trained[name]! as { shape: readonly number[]; data: Float32Array }] as const);
  return encodeModel({ architecture, weights: new Map(own), metadata: {} });
}

/** Harder levels are rarer, so that the model has seen them all and knows them ever less. */
function drawer({ tasks, decay }: WarmStartOptions, rng: Rng): () => Task {
  const levels = [...new Set(tasks.map(({ level }) => level))].sort((a, b) => a - b);
  const ofLevel = levels.map((level) => tasks.filter((task) => task.level === level));
  const weights = levels.map((_, i) => decay ** i);
  return () => {
    const chosen = ofLevel[rng.weighted(weights)]!;
    return chosen[rng.int(chosen.length)]!;
  };
}

function architectureOf({ hidden, layers }: WarmStartOptions): TransformerConfiguration {
  return checkTransformer({
    kind: 'transformer',
    hidden,
    layers,
    heads: 4,
    keyValueHeads: 4,
    headWidth: hidden / 4,
    intermediate: 16 * Math.ceil(hidden / 6),
    vocabulary: byteTokenizer.vocabularySize,
    context: CONTEXT,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
    tiedHead: true,
  });
}

/** Samples behind each other; the answers and their ends are learnt. */
function packed(tasks: readonly Task[], prefix: string): Record<string, TensorData> {
  const columns = { positions: [], segments: [], targets: [], weights: [] } as Record<string, number[]>;
  const tokens: number[] = [];
  tasks.forEach(({ prompt, answer }, segment) => {
    const question = byteTokenizer.encode(prefix + prompt);
    const sample = [...question, ...byteTokenizer.encode(answer), byteTokenizer.endOfText];
    for (let i = 0; i + 1 < sample.length; i++) {
      tokens.push(sample[i]!);
      columns['positions']!.push(i);
      columns['segments']!.push(segment);
      columns['targets']!.push(sample[i + 1]!);
      columns['weights']!.push(i + 1 >= question.length ? 1 : 0);
    }
  });
  const total = columns['weights']!.reduce((sum, weight) => sum + weight, 0);
  const tensors = Object.entries(columns).map(
    ([name, values]) => [name, { shape: [values.length, 1], data: Float32Array.from(values) }] as const,
  );
  return {
    ...Object.fromEntries(tensors),
    tokens: { shape: [tokens.length], data: BigInt64Array.from(tokens, BigInt) },
    normaliser: scalar(total),
  };
}

function scalar(value: number): TensorData {
  return { shape: [], data: Float32Array.of(value) };
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
