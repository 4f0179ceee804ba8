/**
 * Milliseconds a training step: the whole of it as the alphazero job runs it (forward, losses, backward, clipping, AdamW,
 * average of the weights), beside the same step in PyTorch (bench/pytorch/train_step.py) in a child process, in turns.
 * PyTorch runs in both of its memory formats, and the faster one counts.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Rng } from '../src/core/rng.js';
import type { NamedTensors, Training } from '../src/engine/engine.js';
import { cpuEngine } from '../src/engine/engine-settings.js';
import { openEngine } from '../src/engine/open-engine.js';
import { tengen1 } from '../src/go/tengen-features.js';
import type { Architecture } from '../src/nn/networks/architecture.js';
import { initialWeights } from '../src/nn/networks/go-network.js';
import { type TrainingStep, initialState, trainingStep } from '../src/nn/training-step.js';
import { type Shape, sizeOf } from '../src/nn/types.js';
import { median } from './shared/statistics.js';

interface Setup {
  readonly architecture: Architecture;
  readonly batchSize: number;
  readonly rounds: number;
  readonly steps: number;
}

/** Mean milliseconds a step. */
interface Times {
  /** By the clock. */
  readonly ms: number;
  /** Of processor time, all threads together: on a busy machine the fairer comparison. */
  readonly cpu: number;
}

/**
 * Keys: ms and ratioToPyTorch, each side with the number of threads that suits it best; for each number of threads the
 * median over the rounds of either's milliseconds, of their ratio and of the ratio of processor time.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const setup = read(args);
  const results: Record<string, unknown> = {
    size: setup.architecture.size,
    blocks: setup.architecture.blocks,
    channels: setup.architecture.channels,
    batch: setup.batchSize,
  };
  let [ourBest, theirBest] = [Infinity, Infinity];
  for (const threads of [1, 2]) {
    const { ours, theirs, version } = await compare(setup, threads);
    const ms = median(ours.map((times) => times.ms));
    results[`ms${threads}`] = ms;
    ourBest = Math.min(ourBest, ms);
    if (version === undefined) continue;
    const ratio = median(ours.map((times, i) => times.ms / theirs[i]!.ms));
    const cpuRatio = median(ours.map((times, i) => times.cpu / theirs[i]!.cpu));
    const msPyTorch = median(theirs.map((times) => times.ms));
    Object.assign(results, { [`msPyTorch${threads}`]: msPyTorch, [`ratio${threads}`]: ratio });
    Object.assign(results, { [`cpuRatio${threads}`]: cpuRatio, pytorch: version });
    theirBest = Math.min(theirBest, msPyTorch);
  }
  return { ...results, ms: ourBest, ...(theirBest < Infinity && { ratioToPyTorch: ourBest / theirBest }) };
}

function read(args: string[]): Setup {
  const option = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
  const { values } = parseArgs({
    args,
    options: {
      size: option('9'),
      blocks: option('6'),
      channels: option('64'),
      batch: option('128'),
      rounds: option('8'),
      steps: option('5'),
    },
  });
  return {
    architecture: {
      kind: 'go-resnet',
      size: Number(values.size),
      blocks: Number(values.blocks),
      channels: Number(values.channels),
      planes: tengen1.planes,
      globals: tengen1.globals,
      features: 'bench',
    },
    batchSize: Number(values.batch),
    rounds: Number(values.rounds),
    steps: Number(values.steps),
  };
}

/** The same rounds of both; `theirs` is empty without PyTorch. */
interface Comparison {
  readonly ours: readonly Times[];
  readonly theirs: readonly Times[];
  readonly version?: string;
}

async function compare(setup: Setup, threads: number): Promise<Comparison> {
  const engine = await openEngine(cpuEngine);
  const step = trainingStep({
    architecture: setup.architecture,
    batchSize: setup.batchSize,
    partFloats: engine.partFloats,
    optimizer: { kind: 'adamw', weightDecay: 1e-4 },
    losses: { policy: 1, value: 1, ownership: 1, score: 1 },
    clipNorm: 1,
    emaDecay: 0.99,
  });
  const state = initialState(step, initialWeights(setup.architecture, new Rng(1)));
  const training = await engine.train(step.graph, state, { threads });
  const peer = await PyTorch.start(setup, threads);
  const batch = randomBatch(step, new Rng(2));
  const [ours, theirs]: [Times[], Times[]] = [[], []];
  for (let round = -1; round < setup.rounds; round++) {
    const own = await timeSteps(training, batch, setup.steps);
    const contiguous = await peer?.time(setup.steps, 'contiguous');
    const last = await peer?.time(setup.steps, 'channels_last');
    if (round < 0) continue; // warming up
    ours.push(own);
    if (contiguous && last) theirs.push(faster(contiguous, last));
  }
  await training.release();
  peer?.stop();
  return { ours, theirs, ...(peer && { version: peer.version }) };
}

function faster(a: Times, b: Times): Times {
  return { ms: Math.min(a.ms, b.ms), cpu: Math.min(a.cpu, b.cpu) };
}

function randomBatch(step: TrainingStep, rng: Rng): NamedTensors {
  const fill = (shape: Shape, draw: () => number): { shape: Shape; data: Float32Array } => {
    return { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) };
  };
  const draws: Record<string, () => number> = {
    planes: () => Number(rng.float() < 0.3),
    weight: () => 1,
    policyWeight: () => 1,
    policyTarget: () => rng.float() / 41,
    ownershipTarget: () => rng.float() * 2 - 1,
  };
  const data = Object.entries(step.batch).map(([name, shape]) => [
    name,
    fill(shape, draws[name] ?? (() => rng.float())),
  ]);
  return { ...Object.fromEntries(data), learningRate: fill([], () => 1e-3) } as NamedTensors;
}

async function timeSteps(training: Training, batch: NamedTensors, steps: number): Promise<Times> {
  const [start, startCpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < steps; i++) await training.step(batch);
  const { user, system } = process.cpuUsage(startCpu);
  return { ms: (performance.now() - start) / steps, cpu: (user + system) / 1000 / steps };
}

/** The PyTorch child process. */
class PyTorch {
  readonly version: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#process = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Starts it, or gives `undefined` where Python or PyTorch is not installed. */
  static async start({ architecture, batchSize }: Setup, threads: number): Promise<PyTorch | undefined> {
    const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
    if (spawnSync(python, ['-c', 'import torch']).status !== 0) return undefined;
    const { size, blocks, channels, planes, globals } = architecture;
    // Compiled to build/bench; the script stays in bench.
    const path = fileURLToPath(new URL('../../bench/pytorch/train_step.py', import.meta.url));
    const numbers = [threads, size, blocks, channels, planes, globals, batchSize].map(String);
    // A BLAS with threads of its own would take more than PyTorch was given.
    const env = { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
    const child = spawn(python, [path, ...numbers], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) return undefined;
    return new PyTorch(child, lines, (JSON.parse(first.value) as { version: string }).version);
  }

  async time(steps: number, format: 'contiguous' | 'channels_last'): Promise<Times> {
    this.#process.stdin?.write(`${steps} ${format}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The PyTorch process ended');
    return JSON.parse(line.value) as Times;
  }

  stop(): void {
    this.#process.stdin?.end();
  }
}
