/**
 * Milliseconds a training step of a language model: the whole of it as a rank of the sft job runs it (forward, backward,
 * clipping, AdamW), beside the same step in PyTorch (bench/pytorch/transformer_step.py) in a child process, in turns. One
 * thread each. `pytorchGflops` tells a PyTorch with a fast BLAS (about 100 on a core with AVX2 or more) from one with a slow
 * one, beside which every ratio is flattering: the reference BLAS (below 10), or an OpenBLAS older than the processor.
 */

import { cpuEngine } from '../src/engine/engine-settings.js';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Rng } from '../src/core/rng.js';
import { processorFlags } from '../src/engine/onnxruntime/processor.js';
import { checkTransformer, type TransformerConfiguration } from '../src/nn/networks/transformer/configuration.js';
import { initialTransformer, transformerParameters } from '../src/nn/networks/transformer/parameters.js';
import { RankGrid } from '../src/ranks/grid.js';
import type { StepSequence } from '../src/ranks/rows.js';
import { layOut, makeStateMemory } from '../src/ranks/training-state.js';
import { median } from './shared/statistics.js';

interface Setup {
  readonly architecture: TransformerConfiguration;
  readonly tokens: number;
  readonly rounds: number;
  readonly steps: number;
}

/** Mean milliseconds a step. */
interface Times {
  /** By the clock. */
  readonly ms: number;
  /** Of processor time: on a busy machine the fairer comparison. */
  readonly cpu: number;
}

const optimizer = { learningRate: 1e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, update: 1 };

/**
 * Keys: for each length of the sequences that make up `tokens`, the medians over the rounds of either's milliseconds, of
 * their ratio and of the ratio of processor time; `memoryMiB`, and `memoryGrowthMiB` from the first round to the last.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { setup, lengths } = read(args);
  const { hidden, layers, vocabulary } = setup.architecture;
  const results: Record<string, unknown> = { hidden, layers, vocabulary, tokens: setup.tokens };
  for (const length of lengths) {
    const { ours, theirs, memory, peer } = await compare(setup, length);
    const put = (key: string, value: number | undefined): void => {
      if (value !== undefined && !Number.isNaN(value)) results[`${key}${length}`] = value;
    };
    put('ms', median(ours.map(({ ms }) => ms)));
    put('memoryMiB', memory.at(-1));
    put('memoryGrowthMiB', memory.at(-1)! - memory[0]!);
    if (peer === undefined) continue;
    put('msPyTorch', median(theirs.map(({ ms }) => ms)));
    put('ratio', median(ours.map(({ ms }, i) => ms / theirs[i]!.ms)));
    put('cpuRatio', median(ours.map(({ cpu }, i) => cpu / theirs[i]!.cpu)));
    Object.assign(results, { pytorch: peer.version, pytorchGflops: peer.gflops });
  }
  return results;
}

function read(args: string[]): { setup: Setup; lengths: number[] } {
  const option = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
  const { values } = parseArgs({
    args,
    options: {
      hidden: option('256'),
      layers: option('4'),
      vocabulary: option('259'),
      tokens: option('2048'),
      lengths: option('128,512,2048'),
      rounds: option('5'),
      steps: option('3'),
    },
  });
  const hidden = Number(values.hidden);
  const architecture = checkTransformer({
    kind: 'transformer',
    hidden,
    layers: Number(values.layers),
    heads: 8,
    keyValueHeads: 4,
    headWidth: hidden / 8,
    intermediate: Math.ceil((hidden * 8) / 3 / 32) * 32,
    vocabulary: Number(values.vocabulary),
    context: 65_536,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
    tiedHead: true,
  });
  const [tokens, rounds, steps] = [Number(values.tokens), Number(values.rounds), Number(values.steps)];
  return { setup: { architecture, tokens, rounds, steps }, lengths: values.lengths.split(',').map(Number) };
}

/** Which PyTorch, and its speed in products of matrices. */
interface PyTorchBuild {
  readonly version: string;
  readonly gflops: number;
}

/** The same rounds of both; `theirs` is empty without PyTorch. */
interface Comparison {
  readonly ours: readonly Times[];
  readonly theirs: readonly Times[];
  /** Resident, after each round, in MiB. */
  readonly memory: readonly number[];
  readonly peer?: PyTorchBuild;
}

async function compare(setup: Setup, length: number): Promise<Comparison> {
  const { architecture, tokens } = setup;
  const layout = layOut(new Map(transformerParameters(architecture).map(({ name, shape }) => [name, shape])));
  const state = makeStateMemory(layout, 0, initialTransformer(architecture, new Rng(1)));
  const ranks = { dataParallel: 1, contextParallel: 1, bucketSize: tokens };
  const grid = await RankGrid.open({ ...ranks, engine: cpuEngine, architecture, state });
  const peer = await PyTorch.start(setup, length);
  const sequences = randomSequences(setup, length);
  const [ours, theirs, memory]: [Times[], Times[], number[]] = [[], [], []];
  for (let round = -1; round < setup.rounds; round++) {
    const own = await timeSteps(grid, sequences, setup.steps);
    const other = await peer?.time(setup.steps);
    if (round < 0) continue; // warming up
    ours.push(own);
    memory.push(process.memoryUsage().rss / 2 ** 20);
    if (other) theirs.push(other);
  }
  await grid.close();
  peer?.stop();
  return { ours, theirs, memory, ...(peer && { peer: peer.build }) };
}

function randomSequences({ architecture, tokens }: Setup, length: number): StepSequence[] {
  const rng = new Rng(2);
  return Array.from({ length: tokens / length }, () => ({
    tokens: Int32Array.from({ length: length + 1 }, () => rng.int(architecture.vocabulary)),
    weights: new Float32Array(length + 1).fill(1),
  }));
}

async function timeSteps(grid: RankGrid, sequences: readonly StepSequence[], steps: number): Promise<Times> {
  const all = { sequences: sequences.map((_, i) => i), placements: sequences.map(() => 0), predictedMs: 0 };
  const [start, startCpu] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < steps; i++) {
    await grid.train({ step: 0, sequences, plan: { microBatches: [[all]] } }, optimizer, 1);
  }
  const { user, system } = process.cpuUsage(startCpu);
  return { ms: (performance.now() - start) / steps, cpu: (user + system) / 1000 / steps };
}

/** Makes glibc keep memory: otherwise PyTorch spends most of a step on pages given back and asked for again. */
const keepsMemory = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '8000000000', MALLOC_TOP_PAD_: '268435456' };

/** OpenBLAS takes a processor newer than itself for one without AVX, and is then four times as slow as it could be. */
function fastBlas(): Record<string, string> {
  const flags = processorFlags();
  const hasAll = ['avx512bw', 'avx512dq', 'avx512vl'].every((flag) => flags.includes(flag));
  return hasAll ? { OPENBLAS_CORETYPE: 'SKYLAKEX' } : {};
}

/** The PyTorch child process. */
class PyTorch {
  readonly build: PyTorchBuild;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, build: PyTorchBuild) {
    this.#process = child;
    this.#lines = lines;
    this.build = build;
  }

  /** Starts it, or gives `undefined` where Python or PyTorch is not installed. */
  static async start({ architecture, tokens }: Setup, length: number): Promise<PyTorch | undefined> {
    const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
    if (spawnSync(python, ['-c', 'import torch']).status !== 0) return undefined;
    const { hidden, layers, heads, keyValueHeads, headWidth, intermediate, vocabulary } = architecture;
    // Compiled to build/bench; the script stays in bench.
    const path = fileURLToPath(new URL('../../bench/pytorch/transformer_step.py', import.meta.url));
    const sizes = [hidden, layers, heads, keyValueHeads, headWidth, intermediate, vocabulary];
    const numbers = [1, ...sizes, tokens / length, length].map(String);
    const env = { ...fastBlas(), ...process.env, ...keepsMemory, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const child = spawn(python, [path, ...numbers], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) return undefined;
    return new PyTorch(child, lines, JSON.parse(first.value) as PyTorchBuild);
  }

  async time(steps: number): Promise<Times> {
    this.#process.stdin?.write(`${steps}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The PyTorch process ended');
    return JSON.parse(line.value) as Times;
  }

  stop(): void {
    this.#process.stdin?.end();
  }
}
