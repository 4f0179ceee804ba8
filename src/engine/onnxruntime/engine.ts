/** The engine on ONNX Runtime, computing in the calling thread; for use inside worker threads (see threaded.ts). */

import type { Graph } from '../../nn/graph.js';
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
} from '../engine.js';
import { type Session, createSession } from './session.js';
import { OnnxTraining } from './training.js';

/** Settings for every program of an engine. */
export interface OnnxRuntimeOptions {
  /** Execution provider: cpu (default), webgpu, cuda … as far as installed. */
  readonly provider?: string;
}

/** Lowers a graph for the provider. */
export function lowerHere(
  graph: Graph,
  { provider = 'cpu' }: OnnxRuntimeOptions,
  { constants, ranges }: CompileOptions,
): Uint8Array {
  return lowerToOnnx(graph, { ...(constants && { constants }), ranges, winograd: provider === 'cpu' });
}

async function open(graph: Graph, settings: OnnxRuntimeOptions, options: CompileOptions): Promise<Session> {
  const { threads } = options;
  const model = lowerHere(graph, settings, options);
  return await createSession(model, { ...settings, ...(threads !== undefined && { threads }) });
}

/** An engine whose programs block the calling thread while they run. */
export function onnxRuntimeEngine(settings: OnnxRuntimeOptions = {}): Engine {
  return {
    name: 'onnxruntime',
    async compile(graph: Graph, options: CompileOptions = {}): Promise<Program> {
      const types = inputTypes(graph, options.constants);
      const session = await open(graph, settings, options);
      return {
        async run(inputs: NamedTensors): Promise<NamedTensors> {
          checkTensors(types, inputs, 'input');
          return await session.run(inputs);
        },
        release: () => session.release(),
      };
    },
    async train(graph: Graph, state: NamedTensors, options: CompileOptions = {}): Promise<Training> {
      const signature = stepSignature(graph);
      checkTensors(signature.state, state, 'state');
      const session = await open(graph, settings, options);
      return new OnnxTraining(session, signature, state);
    },
    close: () => Promise.resolve(),
  };
}
