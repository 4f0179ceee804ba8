/** The engine on ONNX Runtime, computing in the calling thread; for use inside worker threads (see ../threaded.ts). */

import type { Graph } from '../../nn/graph.js';
import { type PartedStep, partStep } from '../../nn/parts.js';
import { lowerToOnnx } from '../../nn/onnx/lower.js';
import {
  type CompileOptions,
  type Engine,
  type NamedTensors,
  type Program,
  type Training,
  checkTensors,
  inputTypes,
  stepSignature,
  type Wanted,
} from '../engine.js';
import { startEngineThread } from '../engine-thread.js';
import { graphBytes } from '../graph-bytes.js';
import { type Session, createSession } from './session.js';
import { type PartRunner, PartedTraining, sessionRunner } from './parted-training.js';
import { hasMatrixTiles } from './processor.js';
import { OnnxTraining } from './training.js';

/** Settings for every program of an engine. */
export interface OnnxRuntimeOptions {
  /** Execution provider: cpu (default), webgpu, cuda … as far as installed. */
  readonly provider?: string;
  /** Whether convolutions may be matrix products (nn/onnx/winograd.ts) on the CPU, where they are faster; as if true if absent. */
  readonly winograd?: boolean;
}

/** A third of a megabyte: with what Winograd's method makes of it in training, a layer fits in a core's second cache of 1 to 2 MB. */
const PART_FLOATS = 83_000;

/** Lowers a graph for the provider. */
function lowerHere(
  graph: Graph,
  { provider = 'cpu', winograd = true }: OnnxRuntimeOptions,
  { constants, ranges }: CompileOptions,
): Uint8Array {
  const isCpu = provider === 'cpu';
  const own = { winograd: isCpu && winograd, matrixTiles: isCpu && hasMatrixTiles() };
  return lowerToOnnx(graph, { ...(constants && { constants }), ranges, ...own });
}

async function open(graph: Graph, settings: OnnxRuntimeOptions, options: CompileOptions): Promise<Session> {
  const { threads } = options;
  const model = lowerHere(graph, settings, options);
  return await createSession(model, { ...settings, ...(threads !== undefined && { threads }) });
}

/** One thread is the calling one; several are all others. */
async function openRunners(
  step: PartedStep,
  settings: OnnxRuntimeOptions,
  { threads = 1 }: CompileOptions,
): Promise<PartRunner[]> {
  if (threads === 1) return [sessionRunner(await open(step.part, settings, {}), step)];
  const { provider = 'cpu' } = settings;
  const engine = { engine: 'onnxruntime', provider } as const;
  const runners: PartRunner[] = [];
  try {
    for (let i = 0; i < threads; i++) {
      const thread = await startEngineThread({ settings: engine, graph: graphBytes(step.part) });
      runners.push({ run: (tensors) => thread.call('run', tensors), release: () => thread.drain() });
    }
    return runners;
  } catch (error) {
    await Promise.all(runners.map((runner) => runner.release()));
    throw error;
  }
}

/** Opens the engine for `openEngine` of ../open-engine.ts. */
export function openEngine({ provider }: { readonly provider: string }): Engine {
  return onnxRuntimeEngine({ provider });
}

/** An engine whose programs block the calling thread while they run. */
export function onnxRuntimeEngine(settings: OnnxRuntimeOptions = {}): Engine {
  return {
    name: 'onnxruntime',
    ...((settings.provider ?? 'cpu') === 'cpu' && { partFloats: PART_FLOATS }),
    async compile(graph: Graph, options: CompileOptions = {}): Promise<Program> {
      const types = inputTypes(graph, options.constants);
      const session = await open(graph, settings, options);
      return {
        inputNames: [...types.keys()],
        outputNames: [...graph.outputs.keys()],
        async run(inputs: NamedTensors, wanted?: Wanted): Promise<NamedTensors> {
          checkTensors(types, inputs, 'input');
          return await session.run(inputs, wanted);
        },
        release: () => session.release(),
      };
    },
    async train(graph: Graph, state: NamedTensors, options: CompileOptions = {}): Promise<Training> {
      const signature = stepSignature(graph);
      checkTensors(signature.state, state, 'state');
      const step = settings.provider === undefined || settings.provider === 'cpu' ? partStep(graph) : undefined;
      if (step === undefined) return new OnnxTraining(await open(graph, settings, options), signature, state);
      const runners = await openRunners(step, settings, options);
      try {
        const update = await open(step.whole, settings, { ...options, threads: 1 });
        return new PartedTraining(runners, update, step, state);
      } catch (error) {
        await Promise.all(runners.map((runner) => runner.release()));
        throw error;
      }
    },
    close: () => Promise.resolve(),
  };
}
