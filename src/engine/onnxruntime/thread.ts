/** The code of an engine thread: holds one session. */

import { assert } from '../../core/errors.js';
import { inOrder } from '../../threads/serve.js';
import { transferring } from '../../threads/messages.js';
import { serveRuns } from '../closing.js';
import type { NamedTensors, StepSignature } from '../engine.js';
import { createSession, type SessionOptions } from './session.js';
import { OnnxTraining } from './training.js';

/** One model, either run as it is or stepped with state. */
export interface ThreadModel {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
  readonly training?: { readonly signature: StepSignature; readonly state: NamedTensors };
}

/** What an engine thread is asked. */
export interface ModelCalls {
  run(tensors: NamedTensors): Promise<NamedTensors>;
  step(batch: NamedTensors): Promise<Record<string, number>>;
  exportState(): Promise<NamedTensors>;
  importState(state: NamedTensors): Promise<void>;
}

await serveRuns(async ({ model, options, training: start }: ThreadModel) => {
  const session = await createSession(model, options);
  const training = start && new OnnxTraining(session, start.signature, start.state);
  const trained = (): OnnxTraining => {
    assert(training !== undefined, 'this thread holds a training');
    return training;
  };
  const { calls, settled } = inOrder<ModelCalls>({
    run: async (tensors) => given(await session.run(ownCopies(tensors))),
    step: (batch) => trained().step(batch),
    exportState: async () => given(await trained().exportState()),
    importState: (state) => trained().importState(state),
  });
  return {
    calls,
    async release() {
      await settled();
      await (training ?? session).release();
    },
  };
});

function given(tensors: NamedTensors): NamedTensors {
  const buffers = Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
  return transferring(tensors, [...new Set(buffers)]);
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
