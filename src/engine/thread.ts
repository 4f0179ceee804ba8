/** The code of a thread that computes one graph. */

import { assert } from '../core/errors.js';
import { inOrder } from '../threads/serve.js';
import { transferring } from '../threads/messages.js';
import { serveRuns } from './closing.js';
import type { NamedTensors, Program, Training } from './engine.js';
import { graphOfBytes } from './graph-bytes.js';
import { openEngine } from './open-engine.js';
import type { GraphCalls, ThreadGraph } from './thread-messages.js';

await serveRuns(async ({ settings, graph: bytes, options = {}, state }: ThreadGraph) => {
  const engine = await openEngine(settings);
  const graph = graphOfBytes(bytes);
  const program = state ? undefined : await engine.compile(graph, options);
  const training = state && (await engine.train(graph, state, options));
  const compiled = (): Program => {
    assert(program !== undefined, 'this thread holds a program');
    return program;
  };
  const trained = (): Training => {
    assert(training !== undefined, 'this thread holds a training');
    return training;
  };
  const { calls, settled } = inOrder<GraphCalls>({
    run: async (inputs, wanted) => given(await compiled().run(ownCopies(inputs), wanted)),
    step: (batch) => trained().step(batch),
    exportState: async () => given(await trained().exportState()),
    importState: (values) => trained().importState(values),
  });
  return {
    calls,
    async release() {
      await settled();
      await (training ?? program)?.release();
      await engine.close();
    },
  };
});

function given(tensors: NamedTensors): NamedTensors {
  const buffers = Object.values(tensors).map(({ data }) => data.buffer as ArrayBuffer);
  return transferring(tensors, [...new Set(buffers)]);
}

/** Engines take no shared memory. */
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
