/** Entry point of an engine thread: holds one session and answers calls in order. */

import { parentPort, workerData } from 'node:worker_threads';

import { AppError, assert } from '../../core/errors.js';
import { listen } from '../closing.js';
import type { NamedTensors } from '../engine.js';
import type { Reply, Request, ThreadJob } from './messages.js';
import { createSession } from './session.js';
import { OnnxTraining } from './training.js';

const port = parentPort;
assert(port !== null, 'thread.ts runs as a worker thread');
const job = workerData as ThreadJob;
const opening = open();
// A failed opening is reported by the call that waits for it.
opening.catch(() => undefined);
let queue: Promise<void> = Promise.resolve();

listen(port, {
  take(request: Request) {
    queue = queue.then(async () => {
      const reply = await answer(request).catch((error: unknown): Reply => {
        const { kind, message } = AppError.from(error);
        return { ok: false, kind, message };
      });
      const tensors = reply.ok ? Object.values(reply.tensors ?? {}) : [];
      port.postMessage(reply, [...new Set(tensors.map(({ data }) => data.buffer as ArrayBuffer))]);
    });
  },
  async release() {
    await queue;
    await (await opening).release();
  },
});

async function open(): Promise<{
  run: (tensors: NamedTensors) => Promise<NamedTensors>;
  training?: OnnxTraining;
  release: () => Promise<void>;
}> {
  const session = await createSession(job.model, job.options);
  if (job.training === undefined) return { run: (tensors) => session.run(tensors), release: () => session.release() };
  const training = new OnnxTraining(session, job.training.signature, job.training.state);
  return { run: (tensors) => session.run(tensors), training, release: () => training.release() };
}

async function answer(request: Request): Promise<Reply> {
  const { run, training } = await opening;
  switch (request.call) {
    case 'ready':
      return { ok: true };
    case 'run':
      return { ok: true, tensors: await run(ownCopies(request.tensors)) };
    case 'step':
      assert(training !== undefined, 'this thread holds a training');
      return { ok: true, reports: await training.step(request.tensors) };
    case 'exportState':
      assert(training !== undefined, 'this thread holds a training');
      return { ok: true, tensors: await training.exportState() };
    case 'importState':
      assert(training !== undefined, 'this thread holds a training');
      await training.importState(request.tensors);
      return { ok: true };
  }
}

/** ONNX Runtime takes no shared memory. */
function ownCopies(tensors: NamedTensors): NamedTensors {
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const isShared = data instanceof Float32Array && data.buffer instanceof SharedArrayBuffer;
    if (!isShared) return [name, { shape, data }] as const;
    // Not `slice`, which puts small arrays where they are aligned otherwise.
    const copy = new Float32Array(new ArrayBuffer(data.byteLength));
    copy.set(data);
    return [name, { shape, data: copy }] as const;
  });
  return Object.fromEntries(entries);
}
