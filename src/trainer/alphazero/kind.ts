/** The kind of job that learns from self-play. */

import type { JobKind } from '../harness/job-kind.js';
import type { JobWorld } from '../harness/ports.js';
import { ASK, checkSizes, givenSizes, sizesOfNetwork } from '../harness/same-architecture.js';
import { alphaZeroCheckpoints } from './checkpoint.js';
import { readAlphaZeroConfig } from './config.js';
import { AlphaZeroJob } from './job.js';
import { threadTraining } from './training-handle.js';

export function alphaZeroKind(world: JobWorld): JobKind {
  return {
    kind: 'alphazero',
    readConfig: readAlphaZeroConfig,
    async checkModel({ model, settings, jobId }) {
      const own = await world.model(model);
      if (!own) return;
      const kept = jobId === undefined ? undefined : await world.checkpoint(jobId);
      if (kept) {
        const { growAfter } = readAlphaZeroConfig(settings);
        const sizes = sizesOfNetwork(alphaZeroCheckpoints.decode(kept).architecture);
        if (growAfter === 0) checkSizes(own, sizes, "the job's checkpoint has");
      } else if (jobId === undefined) {
        checkSizes(own, givenSizes(settings, ['network', 'features', 'blocks', 'channels']), ASK);
      }
    },
    create(context) {
      const ports = world.ports(context);
      const job = new AlphaZeroJob(readAlphaZeroConfig(context.config), ports, threadTraining(ports.engine));
      return {
        start: () => job.start(),
        cancel: () => job.cancel(),
        finished: job.finished,
        selfPlay: job,
      };
    },
  };
}
