/** The engine on ONNX Runtime for the main thread: every program and every training has a worker thread of its own. */

import { Worker } from 'node:worker_threads';

import { AppError } from '../../core/errors.js';
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
import { threadUrl } from '../thread-url.js';
import { type OnnxRuntimeOptions, lowerHere } from './engine.js';
import type { Reply, Request, ThreadJob } from './messages.js';

/** An engine that never blocks the calling thread. Calls to one program are answered in order. */
export function threadedOnnxRuntimeEngine(settings: OnnxRuntimeOptions = {}): Engine {
  const threads = new Set<Thread>();
  const start = async (job: ThreadJob): Promise<Thread> => {
    const thread = new Thread(job, () => threads.delete(thread));
    threads.add(thread);
    try {
      await thread.call({ call: 'ready' });
    } catch (error) {
      await thread.terminate();
      throw error;
    }
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
      await Promise.all([...threads].map((thread) => thread.terminate()));
    },
  };
}

function threadProgram(thread: Thread, types: ReturnType<typeof inputTypes>): Program {
  return {
    async run(inputs): Promise<NamedTensors> {
      checkTensors(types, inputs, 'input');
      const { tensors } = await thread.call({ call: 'run', tensors: inputs });
      return tensors ?? {};
    },
    release: () => thread.release(),
  };
}

function threadTraining(thread: Thread): Training {
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

interface Waiting {
  readonly resolve: (reply: Reply & { ok: true }) => void;
  readonly reject: (error: AppError) => void;
}

/** One worker thread and the calls that wait for its answers. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #gone: Promise<void>;
  #failure: AppError | undefined;

  constructor(job: ThreadJob, onExit: () => void) {
    this.#worker = new Worker(threadUrl(import.meta.url, './thread.js'), { workerData: job });
    this.#worker.on('message', (reply: Reply) => {
      const waiting = this.#waiting.shift();
      if (reply.ok) waiting?.resolve(reply);
      else waiting?.reject(new AppError(reply.kind, reply.message));
    });
    this.#worker.on('error', (error) => {
      this.#failure = new AppError('internal', `The engine thread failed: ${String(error)}`, { cause: error });
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#failure ??= new AppError('failed-precondition', 'The program was released');
        for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
        onExit();
        resolve();
      });
    });
  }

  call(request: Request): Promise<Reply & { ok: true }> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async release(): Promise<void> {
    if (this.#failure !== undefined) return;
    const released = this.call({ call: 'release' });
    this.#failure = new AppError('failed-precondition', 'The program was released');
    await released;
    await this.#gone;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#gone;
  }
}
