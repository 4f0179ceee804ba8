/** Any engine for the main thread: every program and every training has a worker thread of its own. */

import type { Graph } from '../nn/graph.js';
import {
  type CompileOptions,
  type Engine,
  type NamedTensors,
  type Program,
  type Training,
  checkTensors,
  inputTypes,
  stepSignature,
  writeInto,
} from './engine.js';
import { type EngineThread, released, startEngineThread } from './engine-thread.js';
import { graphBytes } from './graph-bytes.js';
import type { EngineSettings } from './engine-settings.js';
import type { ThreadGraph } from './thread-messages.js';

/** An engine that never blocks the calling thread. Calls to one program are answered in order. */
export function threadedEngine(settings: EngineSettings): Engine {
  const threads = new Set<EngineThread>();
  const start = async (what: ThreadGraph): Promise<EngineThread> => {
    const started: { thread?: EngineThread } = {};
    started.thread = await startEngineThread(what, () => started.thread && threads.delete(started.thread));
    threads.add(started.thread);
    return started.thread;
  };
  return {
    name: `${settings.engine} threads`,
    async compile(graph, options = {}) {
      return threadProgram(await start({ settings, graph: graphBytes(graph), options }), graph, options);
    },
    async train(graph, state, options = {}) {
      checkTensors(stepSignature(graph).state, state, 'state');
      return threadTraining(await start({ settings, graph: graphBytes(graph), options, state }));
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.close(released())));
    },
  };
}

/** Computes a graph once, in a thread that ends with it; the graph's bytes are given away. */
export async function runOnce(
  settings: EngineSettings,
  graph: Uint8Array<ArrayBuffer>,
  inputs: NamedTensors,
): Promise<NamedTensors> {
  const thread = await startEngineThread({ settings, graph });
  try {
    return await thread.call('run', inputs);
  } finally {
    await thread.close();
  }
}

function threadProgram(thread: EngineThread, graph: Graph, { constants }: CompileOptions): Program {
  const types = inputTypes(graph, constants);
  return {
    inputNames: [...types.keys()],
    outputNames: [...graph.outputs.keys()],
    async run(inputs, wanted): Promise<NamedTensors> {
      checkTensors(types, inputs, 'input');
      if (wanted === undefined) return thread.call('run', inputs);
      const fresh = Object.fromEntries(Object.keys(wanted).map((name) => [name, null]));
      const results = Object.entries(await thread.call('run', inputs, fresh));
      return Object.fromEntries(results.map(([name, value]) => [name, writeInto(wanted[name], value)]));
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
