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
import { type EngineThread, released, startEngineThread } from './engine-thread.js';
import type { ThreadModel } from './thread.js';

/** An engine that never blocks the calling thread. Calls to one program are answered in order. */
export function threadedOnnxRuntimeEngine(settings: OnnxRuntimeOptions = {}): Engine {
  const threads = new Set<EngineThread>();
  const start = async (model: ThreadModel): Promise<EngineThread> => {
    const started: { thread?: EngineThread } = {};
    started.thread = await startEngineThread(model, () => started.thread && threads.delete(started.thread));
    threads.add(started.thread);
    return started.thread;
  };
  const modelOf = (graph: Graph, options: CompileOptions): ThreadModel => ({
    model: lowerHere(graph, settings, options),
    options: { ...settings, ...(options.threads !== undefined && { threads: options.threads }) },
  });
  return {
    name: 'onnxruntime threads',
    async compile(graph, options = {}) {
      const types = inputTypes(graph, options.constants);
      const thread = await start(modelOf(graph, options));
      return threadProgram(thread, types);
    },
    async train(graph, state, options = {}) {
      const signature = stepSignature(graph);
      checkTensors(signature.state, state, 'state');
      const thread = await start({ ...modelOf(graph, options), training: { signature, state } });
      return threadTraining(thread);
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.close(released())));
    },
  };
}

/** Runs a model once, in a thread that ends with it; the model's buffer is given away. */
export async function runOnce(model: Uint8Array<ArrayBuffer>, inputs: NamedTensors): Promise<NamedTensors> {
  const thread = await startEngineThread({ model, options: {} }, undefined, [model.buffer]);
  try {
    return await thread.call('run', inputs);
  } finally {
    await thread.close();
  }
}

function threadProgram(thread: EngineThread, types: ReturnType<typeof inputTypes>): Program {
  return {
    async run(inputs): Promise<NamedTensors> {
      checkTensors(types, inputs, 'input');
      return thread.call('run', inputs);
    },
    release: () => thread.drain(released()),
  };
}

function threadTraining(thread: EngineThread): Training {
  return {
    step: (batch) => thread.call('step', batch),
    exportState: () => thread.call('exportState'),
    importState: (state) => thread.call('importState', state),
    release: () => thread.drain(released()),
  };
}
