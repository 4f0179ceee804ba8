/** A kind of job that counts, one number a step: the smallest that has all that a job has. */

import { setImmediate } from 'node:timers/promises';
import { integer, readConfig, type ConfigOf } from '../../src/core/config.js';
import type { JobKind } from '../../src/trainer/harness/job-kind.js';
import type { JobPorts, JobWorld } from '../../src/trainer/harness/ports.js';
import { SteppedJob, type Steps } from '../../src/trainer/harness/stepped-job.js';

const countSchema = {
  steps: integer(10, 1, 1_000_000, 'Number to count to.'),
  evaluationSteps: integer(5, 1, 1_000_000, 'Steps from one evaluation to the next.'),
  checkpointSteps: integer(2, 1, 1_000_000, 'Steps from one checkpoint to the next.'),
  versionSteps: integer(0, 0, 1_000_000, 'Steps from one version to the next; 0 makes only the last.'),
} as const;

/** To be named in the list of kinds in `compose.ts`. */
export function countKind(world: JobWorld): JobKind {
  return {
    kind: 'count',
    readConfig: (input) => readConfig(countSchema, input),
    create(context) {
      const config = readConfig(countSchema, context.config);
      const ports = world.ports(context);
      const prepare = (checkpoint?: Uint8Array): Promise<Steps> =>
        Promise.resolve(new Counting(config, ports, checkpoint ? Number(new TextDecoder().decode(checkpoint)) : 0));
      return new SteppedJob(prepare, ports.checkpoints, config);
    },
  };
}

class Counting implements Steps {
  step: number;
  readonly steps: number;
  readonly #ports: JobPorts;

  constructor({ steps }: ConfigOf<typeof countSchema>, ports: JobPorts, step: number) {
    this.steps = steps;
    this.step = step;
    this.#ports = ports;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.step++;
    this.#ports.progress({ event: 'train', metrics: { step: this.step }, message: '' });
  }

  evaluate(): Promise<void> {
    this.#ports.progress({ event: 'evaluation', metrics: { step: this.step }, message: '' });
    return Promise.resolve();
  }

  checkpoint(): Promise<Uint8Array> {
    return Promise.resolve(new TextEncoder().encode(String(this.step)));
  }

  publish(): Promise<void> {
    this.#ports.progress({ event: 'promotion', metrics: { step: this.step }, message: 'Counted' });
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
