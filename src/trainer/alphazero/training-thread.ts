/** The worker thread in which a job trains: a TrainingLoop behind messages. Ends when it is told to stop or fails. */

import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

import { AppError, assert } from '../../core/errors.js';
import { startTrace, trace } from '../../core/trace.js';
import { openEngine } from '../../engine/open-engine.js';
import { threadCpuMs } from '../../engine/thread-cpu.js';
import { Trainer } from './trainer.js';
import { TrainingLoop } from './training-loop.js';
import type { FromTraining, PlainError, ToTraining, TrainingThreadStart } from './training-messages.js';

const port = parentPort;
assert(port !== null, 'training-thread.ts runs as a worker thread');

function post(message: FromTraining): void {
  port?.postMessage(message);
}

function plain(thrown: unknown): PlainError {
  const { kind, message } = AppError.from(thrown);
  return { errorKind: kind, message };
}

const { engine, config, start, traced } = workerData as TrainingThreadStart;
if (traced) startTrace('training');
try {
  const loop = new TrainingLoop(await Trainer.create(await openEngine(engine), config, start), config.candidateSteps, {
    trained: (report) => {
      post({ kind: 'trained', report });
    },
    candidate: (snapshot) => {
      post({ kind: 'candidate', snapshot });
    },
    growth: (outcome) => {
      post({ kind: 'growth', outcome });
    },
    failed: (error) => {
      post({ kind: 'failed', ...plain(error) });
    },
  });
  port.on('message', (message: ToTraining) => {
    if (message.kind === 'game') loop.add(message.game, message.progress);
    else if (message.kind === 'stop') void loop.stop();
    else {
      const { id } = message;
      loop.snapshot(message.when).then(
        (result) => {
          post({ kind: 'snapshot', id, result });
        },
        (error: unknown) => {
          post({ kind: 'snapshot', id, result: plain(error) });
        },
      );
    }
  });
  post({ kind: 'ready' });
  await loop.run();
} catch (error) {
  post({ kind: 'failed', ...plain(error) });
}
if (trace) {
  const { active } = performance.eventLoopUtilization();
  post({ kind: 'trace', trace: trace.read(threadCpuMs(), active) });
}
port.close();
