/**
 * The `grow` job: a trained network and data in, the operator's training, a larger network out. There is no checkpoint: all
 * of it is a function of the settings, the source and the data, so a job that was stopped begins again.
 */

import { AppError } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { throwIfAborted } from '../../core/signals.js';
import type { Engine } from '../../engine/engine.js';
import { threadedEngine } from '../../engine/threaded.js';
import { type AnyArchitecture, decodeAnyModel, encodeModel } from '../../nn/model-file.js';
import { checkGrownLoss, growthFigures, lineageText, sizesOf } from '../growth/report.js';
import { type Grown, growNetwork, type GrowthReport } from '../growth/train-operator.js';
import type { JobKind } from '../harness/job-kind.js';
import type { JobPorts, JobWorld } from '../harness/ports.js';
import { ASK, checkSizes, givenSizes, sizesOfModel } from '../harness/same-architecture.js';
import { type Prepare, SteppedJob, type Steps } from '../harness/stepped-job.js';
import { type GrowConfig, operatorOf, readGrowConfig } from './config.js';
import { readSubject, type Subject } from './subject.js';

/** What a job is given. */
export type GrowPorts = Pick<
  JobPorts,
  'model' | 'engine' | 'models' | 'datasets' | 'games' | 'checkpoints' | 'progress'
>;

export function growKind(world: JobWorld): JobKind {
  return {
    kind: 'grow',
    readConfig: readGrowConfig,
    async checkModel({ model, settings }) {
      const own = await world.model(model);
      const { source } = readGrowConfig(settings);
      const from = own && (await world.model(source === '' ? model : source));
      // What grows in its own place is the job's own growth.
      if (!from || from.name === model) return;
      const { network } = sizesOfModel(from);
      checkSizes(own, { network: network!, ...givenSizes(settings, ['layers', 'hidden', 'blocks', 'channels']) }, ASK);
    },
    create: (context) => growJob(readGrowConfig(context.config), world.ports(context)),
  };
}

/** A job of the kind. Its one step is all of the growing. */
function growJob(config: GrowConfig, ports: GrowPorts): SteppedJob {
  const prepare: Prepare = async (_, signal) => new GrowStep(config, ports, await prepareGrowth(config, ports, signal));
  return new SteppedJob(prepare, ports.checkpoints, { evaluationSteps: 1, checkpointSteps: 1, versionSteps: 0 });
}

interface Prepared {
  readonly subject: Subject<AnyArchitecture>;
  readonly ref: string;
  readonly sha256: string;
}

/** Reads the source and the data. */
async function prepareGrowth(config: GrowConfig, ports: GrowPorts, signal: AbortSignal): Promise<Prepared> {
  const asked = config.source === '' ? ports.model : config.source;
  const source = await ports.models.read(asked);
  if (!source) throw new AppError('not-found', `There is no model ${quoted(asked)} to grow`);
  const { ref, sha256, name, bytes } = source;
  const subject = await readSubject(decodeAnyModel(bytes), config, { ...ports, signal }, name);
  const message = `${ref} grows from ${sizesOf(subject.source.architecture)} to ${sizesOf(subject.target)}`;
  ports.progress({ event: 'state', metrics: subject.figures, message });
  return { subject, ref, sha256 };
}

class GrowStep implements Steps {
  readonly steps = 1;
  readonly #config: GrowConfig;
  readonly #ports: GrowPorts;
  readonly #prepared: Prepared;
  readonly #engine: Engine;
  #grown: Grown | undefined;

  constructor(config: GrowConfig, ports: GrowPorts, prepared: Prepared) {
    this.#config = config;
    this.#ports = ports;
    this.#prepared = prepared;
    this.#engine = threadedEngine(ports.engine);
  }

  get step(): number {
    return this.#grown ? 1 : 0;
  }

  async next(signal: AbortSignal): Promise<void> {
    const { subject } = this.#prepared;
    const { seed, learningRate, operatorSteps: steps, method, maxLossIncrease: most } = this.#config;
    const growth = { ...subject, settings: operatorOf(this.#config), seed, steps, learningRate };
    const grown = await growNetwork(this.#engine, growth, {
      signal,
      onStep: ({ step, loss }) => this.#ports.progress({ event: 'train', metrics: { step, loss, steps }, message: '' }),
    });
    throwIfAborted(signal);
    this.#report(subject, grown.report);
    checkGrownLoss(grown.report, { method, most, setting: 'maxLossIncrease' });
    this.#grown = grown;
  }

  async publish(): Promise<void> {
    const { subject, ref, sha256 } = this.#prepared;
    const { weights, report } = this.#grown!;
    const { source, target, data } = subject;
    const { models } = this.#ports;
    const step = Number(source.metadata['step'] ?? 0);
    const { seed, method, learningRate, batchSize } = this.#config;
    const operator = operatorOf(this.#config);
    const lineage = { source: ref, sourceSha256: sha256, method, operator, seed, data, learningRate, batchSize };
    const metadata = { ...source.metadata, grownFrom: lineageText(lineage, report) };
    const grown = await models.put(encodeModel({ architecture: target, weights, metadata }), { step });
    if (this.#config.promote) await models.promote(grown);
    const message = `${grown} was grown from ${ref}${this.#config.promote ? ' and is the model now' : ''}`;
    this.#ports.progress({ event: 'promotion', metrics: { step }, message });
  }
  close(): Promise<void> {
    return this.#engine.close();
  }

  #report({ source, target, plan, forwardCost }: Subject<AnyArchitecture>, report: GrowthReport): void {
    const figures = growthFigures(report, { plan }, forwardCost(target));
    const sourceSteps = Number(source.metadata['step'] ?? 0);
    const metrics = {
      ...figures,
      // Of training the large network until it is as good as the small one, if that takes the steps that the small one took.
      ...(sourceSteps > 0 && { estimatedSaving: 1 - figures['operatorCostSteps']! / sourceSteps }),
    };
    this.#ports.progress({ event: 'evaluation', metrics, message: '' });
  }
}
