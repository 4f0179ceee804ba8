/** Whether a job writes under its model's name what that name stands for: networks of one architecture. */

import { AppError } from '../../core/errors.js';
import type { AnyArchitecture } from '../../nn/model-file.js';
import { boardsOf } from '../../nn/networks/go-network.js';
import type { JobWorld, StoredModel } from './ports.js';
import type { AskedJob } from './job-kind.js';

/** What tells architectures apart, by the names of the settings. */
export type Sizes = Readonly<Record<string, string | number | boolean>>;

export function sizesOfNetwork(architecture: AnyArchitecture): Sizes {
  if (architecture.kind === 'transformer') {
    const { kind, layers, hidden, heads, keyValueHeads, intermediate, tiedHead, vocabulary } = architecture;
    return { network: kind, layers, hidden, heads, keyValueHeads, intermediate, tiedHead, vocabulary };
  }
  const { kind, blocks, channels, features } = architecture;
  const [smallest, largest] = boardsOf(architecture);
  return {
    network: kind === 'katago' ? 'katago' : 'resnet',
    size: smallest === largest ? largest : `${smallest} to ${largest}`,
    blocks: typeof blocks === 'number' ? blocks : blocks.length,
    channels,
    features,
  };
}

/** The sizes of a stored model. */
export function sizesOfModel({ architectureJson }: Pick<StoredModel, 'architectureJson'>): Sizes {
  return sizesOfNetwork(JSON.parse(architectureJson) as AnyArchitecture);
}

/**
 * Checks that a model has the sizes wanted; those that only one of the two has do not count.
 *
 * @param what has or wants the sizes, with its verb
 * @throws AppError 'failed-precondition' naming what differs, of both
 */
export function checkSizes(row: StoredModel, wanted: Sizes, what: string): void {
  const sizes = sizesOfModel(row);
  const differing = Object.keys(wanted).filter((name) => name in sizes && sizes[name] !== wanted[name]);
  if (differing.length === 0) return;
  const words = (of: Sizes): string => differing.map((name) => `${name} ${String(of[name])}`).join(', ');
  throw new AppError(
    'failed-precondition',
    `The model ${row.ref} has ${words(sizes)}; ${what} ${words(wanted)}. ` +
      'Leave these settings out, or give the job another model name',
  );
}

/** What a job of language models would write must be what its name stands for. */
export interface LanguageSizes {
  /** Settings that are sizes of a new model. */
  readonly names: readonly string[];
  /** The architecture in a checkpoint. */
  readonly ofCheckpoint: (bytes: Uint8Array) => string;
}

/** Checks a job that trains language models; see `JobKind.checkModel`. */
export async function checkLanguageModel(
  world: Pick<JobWorld, 'model' | 'checkpoint'>,
  { model, settings, jobId }: AskedJob,
  { names, ofCheckpoint }: LanguageSizes,
): Promise<void> {
  const row = await world.model(model);
  if (!row) return;
  const kept = jobId === undefined ? undefined : await world.checkpoint(jobId);
  if (kept) {
    const sizes = sizesOfNetwork(JSON.parse(ofCheckpoint(kept)) as AnyArchitecture);
    checkSizes(row, sizes, "the job's checkpoint has");
    return;
  }
  const base = typeof settings['base'] === 'string' ? settings['base'] : '';
  const from = base === '' ? undefined : await world.model(base);
  if (from) checkSizes(row, sizesOfModel(from), `${from.ref}, from which the job starts, has`);
  else if (jobId === undefined) checkSizes(row, { network: 'transformer', ...givenSizes(settings, names) }, ASK);
}

/** Who wants the sizes, in the words of an error. */
export const ASK = 'the settings ask for';

/** The entries of `settings` that are set and named. */
export function givenSizes(settings: Readonly<Record<string, unknown>>, names: readonly string[]): Sizes {
  const given = names.filter((name) => settings[name] !== undefined && settings[name] !== 0);
  return Object.fromEntries(given.map((name) => [name, settings[name] as string | number | boolean]));
}
