/** The code of the thread in which a job trains: a TrainingLoop. */

import { performance } from 'node:perf_hooks';
import { startTrace, trace } from '../../core/trace.js';
import { openEngine } from '../../engine/open-engine.js';
import { threadCpuMs } from '../../engine/thread-cpu.js';
import { sendError } from '../../threads/messages.js';
import { serve } from '../../threads/serve.js';
import { Trainer } from './trainer.js';
import { TrainingLoop } from './training-loop.js';
import type { TrainingCalls, TrainingEvent, TrainingThreadStart } from './training-messages.js';

await serve<TrainingThreadStart, TrainingCalls, TrainingEvent>(async ({ engine, config, start, traced }, tell) => {
  if (traced) startTrace('training');
  const trainer = await Trainer.create(await openEngine(engine), config, start);
  const loop = new TrainingLoop(trainer, config.candidateSteps, {
    trained: (report) => tell({ kind: 'trained', report }),
    candidate: (copy) => tell({ kind: 'candidate', copy }),
    growth: (outcome) => tell({ kind: 'growth', outcome }),
    failed: (error) => tell({ kind: 'failed', error: sendError(error) }),
  });
  // Once the owner knows that the thread is open.
  setImmediate(() => void loop.run());
  return {
    calls: {
      add: (game, progress) => loop.add(game, progress),
      copy: (when) => loop.copy(when),
    },
    async release() {
      await loop.stop();
      await loop.run();
      if (!trace) return;
      const { active } = performance.eventLoopUtilization();
      tell({ kind: 'trace', trace: trace.read(threadCpuMs(), active) });
    },
  };
});
