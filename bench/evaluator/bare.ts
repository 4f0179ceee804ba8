/** The baseline: ONNX Runtime alone, one session and one thread a core, the same batch again and again. */

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createSession } from '../../src/engine/onnxruntime/session.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { decodeModel } from '../../src/nn/model-file.js';
import { servingModel } from '../../src/nn/networks/serving.js';
import { cpuMicros, makeModelFile, makePositions, readSetup, type RunResult } from './setup.js';

const setup = readSetup(process.argv.slice(2));

async function serveThread(): Promise<void> {
  const { size, batch } = setup;
  const session = await createSession(servingModel(decodeModel(makeModelFile(setup))), { threads: 1 });
  const planes = new Float32Array(batch * tengen1.planes * size * size);
  const globals = new Float32Array(batch * tengen1.globals);
  makePositions(size, batch).forEach((position, i) =>
    tengen1.write(position, 0, planes, i * tengen1.planes * size * size, globals, i * tengen1.globals),
  );
  const inputs = {
    planes: { shape: [batch, tengen1.planes, size, size], data: planes },
    globals: { shape: [batch, tengen1.globals], data: globals },
  };
  await session.run(inputs);
  parentPort?.on('message', (ms: number) => {
    void (async () => {
      const start = performance.now();
      let evaluations = 0;
      while (performance.now() - start < ms) {
        await session.run(inputs);
        evaluations += batch;
      }
      parentPort?.postMessage({ evaluations, ms: performance.now() - start, cpuMicros: 0 } satisfies RunResult);
    })();
  });
  parentPort?.postMessage('ready');
}

async function serveProcess(): Promise<void> {
  const workers = Array.from({ length: setup.threads }, () => {
    return new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  });
  const answers = (): Promise<unknown[]> =>
    Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  await answers();
  process.on('message', (ms: number) => {
    const before = cpuMicros();
    for (const worker of workers) worker.postMessage(ms);
    void answers().then((results) => {
      const runs = results as RunResult[];
      const evaluations = runs.reduce((sum, run) => sum + run.evaluations, 0);
      process.send?.({ evaluations, ms: Math.max(...runs.map((run) => run.ms)), cpuMicros: cpuMicros() - before });
    });
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

await (isMainThread ? serveProcess() : serveThread());
