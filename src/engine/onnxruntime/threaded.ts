/** The engine on ONNX Runtime for the main thread: every program and every training has a worker thread of its own. */

import type { Graph } from '../../nn/graph.js';
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
import { type OnnxRuntimeOptions, lowerHere } from './engine.js';
import { EngineThread } from './engine-thread.js';
import type { ThreadJob } from './messages.js';

/** An engine that never blocks the calling thread. Calls to one program are answered in order. */
export function threadedOnnxRuntimeEngine(settings: OnnxRuntimeOptions = {}): Engine {
  const threads = new Set<EngineThread>();
  const start = async (job: ThreadJob): Promise<EngineThread> => {
    const thread = await EngineThread.start(job, (ended) => threads.delete(ended));
    threads.add(thread);
    return thread;
  };
  const jobOf = (graph: Graph, options: CompileOptions): ThreadJob => ({
    model: lowerHere(graph, settings, options),
    options: { ...settings, ...(options.threads !== undefined && { threads: options.threads }) },
  });
  return {
    name: 'onnxruntime threads',
    async compile(graph, options = {}) {
      const types = inputTypes(graph, options.constants);
      const thread = await start(jobOf(graph, options));
      return threadProgram(thread, types);
    },
    async train(graph, state, options = {}) {
      const signature = stepSignature(graph);
      checkTensors(signature.state, state, 'state');
      const thread = await start({ ...jobOf(graph, options), training: { signature, state } });
      return threadTraining(thread);
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}

/** Runs a model once, in a thread that ends with it; the model's buffer is given away. */
export async function runOnce(model: Uint8Array<ArrayBuffer>, inputs: NamedTensors): Promise<NamedTensors> {
  const thread = await EngineThread.start({ model, options: {} }, undefined, [model.buffer]);
  try {
    return (await thread.call({ call: 'run', tensors: inputs })).tensors ?? {};
  } finally {
    await thread.close();
  }
}

function threadProgram(thread: EngineThread, types: ReturnType<typeof inputTypes>): Program {
  return {
    async run(inputs): Promise<NamedTensors> {
      checkTensors(types, inputs, 'input');
      const { tensors } = await thread.call({ call: 'run', tensors: inputs });
      return tensors ?? {};
    },
    release: () => thread.release(),
  };
}

function threadTraining(thread: EngineThread): Training {
  return {
    async step(batch) {
      const { reports } = await thread.call({ call: 'step', tensors: batch });
      return reports ?? {};
    },
    async exportState() {
      const { tensors } = await thread.call({ call: 'exportState' });
      return tensors ?? {};
    },
    async importState(state) {
      await thread.call({ call: 'importState', tensors: state });
    },
    release: () => thread.release(),
  };
}
