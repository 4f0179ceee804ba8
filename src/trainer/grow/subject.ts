/** What a job grows: the network, the plan and the task, for either kind of network. */

import { check } from '../../core/errors.js';
import type { GrowthPlan } from '../../methods/growth/bundle.js';
import { goGrowth } from '../../methods/growth/go-bundles.js';
import { katagoGrowth } from '../../methods/growth/katago-bundles.js';
import { transformerGrowth } from '../../methods/growth/transformer-bundles.js';
import type { AnyArchitecture, Model } from '../../nn/model-file.js';
import type { GoArchitecture } from '../../nn/networks/go-network.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { owned } from '../../threads/messages.js';
import { inOwnThread } from '../../threads/own-thread.js';
import { threadModule } from '../../threads/pool.js';
import { goCost } from '../growth/go-task.js';
import { languageCost } from '../growth/language-task.js';
import { goTarget, katagoJobTarget, transformerTarget } from '../growth/target.js';
import type { Task } from '../growth/task.js';
import { type GrowConfig, operatorOf } from './config.js';
import { readGoTask } from './go-window.js';
import { taskOfRows } from './language-data.js';
import type { JobPorts } from '../harness/ports.js';
import type * as reading from './read-rows.js';

const reader = threadModule<typeof reading>(import.meta.url, './read-rows.js');

/** Where a network's own data come from. */
type DataSources = Pick<JobPorts, 'datasets' | 'games'> & {
  /** Ends the reading of the data when it aborts. */
  readonly signal?: AbortSignal;
};

/** A network of one kind, what it is to become, and what it is trained for. */
export interface Subject<A extends AnyArchitecture> {
  readonly source: Model<A>;
  readonly target: A;
  readonly plan: GrowthPlan;
  readonly task: Task<A>;
  /** Multiplications of a forward pass of a batch. */
  readonly forwardCost: (architecture: A) => number;
  /** The data, as the lineage names it, and what is known of it. */
  readonly data: string;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Reads the data, once the sizes are known to fit.
 *
 * @param name of the source's model
 * @throws AppError 'invalid-argument' naming sizes that do not fit, or if there is too little data
 */
export async function readSubject(
  { architecture, ...rest }: Model<AnyArchitecture>,
  config: GrowConfig,
  dependencies: DataSources,
  name: string,
): Promise<Subject<AnyArchitecture>> {
  // A subject is only ever used with its own kind of network, which its type says inside these functions.
  if (architecture.kind === 'transformer') {
    return (await languageSubject({ architecture, ...rest }, config, dependencies)) as Subject<AnyArchitecture>;
  }
  return (await goSubject({ architecture, ...rest }, config, dependencies, name)) as Subject<AnyArchitecture>;
}

async function languageSubject(
  source: Model<TransformerConfiguration>,
  config: GrowConfig,
  dependencies: DataSources,
): Promise<Subject<TransformerConfiguration>> {
  const { architecture, metadata } = source;
  const target = transformerTarget(architecture, config);
  const plan = transformerGrowth(architecture, target, operatorOf(config).coupling);
  check(config.dataset !== '', "Setting 'dataset' is empty; growing a language model needs a data set to train on");
  const { ref, bytes } = await dependencies.datasets.read(config.dataset);
  const own = owned(bytes);
  const shape = { rows: config.batchSize, length: Math.min(config.rowTokens, architecture.context) };
  const { dataset, evaluationShare, evaluationBatches, seed } = config;
  const options = { dataset, evaluationShare, evaluationBatches, seed, shape };
  const args: Parameters<typeof reading.readRows> = [own, metadata, architecture.vocabulary, options];
  const rows = await inOwnThread(
    'grow rows',
    (thread) => thread.run(reader, 'readRows', args, { transfer: [own.buffer] }),
    dependencies.signal,
  );
  const task = taskOfRows(rows, options);
  return { source, target, plan, task, forwardCost: (of) => languageCost(of, shape), data: ref, figures: rows.figures };
}

async function goSubject(
  source: Model,
  config: GrowConfig,
  dependencies: DataSources,
  name: string,
): Promise<Subject<GoArchitecture>> {
  const { architecture } = source;
  const { target, plan } = goPlan(architecture, config);
  const { games, signal } = dependencies;
  const played = await games.played(config.games, name);
  const from = { ...played, games: () => games.after(played.jobId, 0, signal) };
  const { task, size, figures } = await readGoTask(from, architecture, config, signal);
  const forwardCost = (of: GoArchitecture): number => goCost(of, size, config.batchSize);
  return { source, target, plan, task, forwardCost, data: played.jobId, figures };
}

function goPlan(from: GoArchitecture, config: GrowConfig): { target: GoArchitecture; plan: GrowthPlan } {
  if (from.kind === 'katago') {
    const target = katagoJobTarget(from, config);
    return { target, plan: katagoGrowth(from, target) };
  }
  const target = goTarget(from, config);
  return { target, plan: goGrowth(from, target, operatorOf(config).coupling) };
}
